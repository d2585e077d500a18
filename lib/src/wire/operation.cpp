#include "wire/operation.hpp"

#include "base/endian.hpp"

#include <cassert>
#include <limits>

namespace pkv::wire {

void append_operation(ByteBuffer& to, const Operation& operation) {
  assert(operation.key.size() <= std::numeric_limits<std::uint32_t>::max());
  assert(operation.value.size() <= std::numeric_limits<std::uint32_t>::max());
  char* at = to.extend(encoded_bytes(operation));
  at = store(at, operation.opcode);
  at = store(at, operation.flags);
  at = store(at, std::uint16_t{0});
  at = store(at, static_cast<std::uint32_t>(operation.key.size()));
  at = store(at, static_cast<std::uint32_t>(operation.value.size()));
  at = store(at, operation.sequence_offset);
  if (!operation.key.empty()) std::memcpy(at, operation.key.data(), operation.key.size());
  at += operation.key.size();
  if (!operation.value.empty()) std::memcpy(at, operation.value.data(), operation.value.size());
}

bool OperationReader::next(Operation& operation) noexcept {
  if (left_ == 0 || rest_.size() < operation_overhead_bytes) return false;
  const char* from = rest_.data();
  const auto opcode = load<std::uint8_t>(from);
  if (opcode < static_cast<std::uint8_t>(Opcode::get) ||
      opcode > static_cast<std::uint8_t>(last_opcode))
    return false;
  const std::uint64_t key_bytes = load<std::uint32_t>(from + 4);
  const std::uint64_t value_bytes = load<std::uint32_t>(from + 8);
  if (key_bytes + value_bytes > rest_.size() - operation_overhead_bytes) return false;

  operation.opcode = static_cast<Opcode>(opcode);
  operation.flags = load<std::uint8_t>(from + 1);
  operation.sequence_offset = load<std::uint32_t>(from + 12);
  operation.key = {from + operation_overhead_bytes, key_bytes};
  operation.value = {from + operation_overhead_bytes + key_bytes, value_bytes};
  rest_.remove_prefix(operation_overhead_bytes + key_bytes + value_bytes);
  --left_;
  return true;
}

}  // namespace pkv::wire
