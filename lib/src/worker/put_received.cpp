#include "worker/put_received.hpp"

#include "wire/wire_reply.hpp"
#include "worker/execute.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace pkv {
namespace {

constexpr std::uint8_t conditions = wire::put_only_if_absent | wire::put_only_if_present |
                                    wire::put_return_old | wire::put_keep_expiry;

ByteBuffer without_key_and_value(const wire::Frame& request, wire::Operation operation) {
  operation.key = {};
  operation.value = {};
  ByteBuffer bytes(wire::header_bytes + wire::encoded_bytes(operation));
  bytes.append(request.bytes().view().substr(0, wire::header_bytes));
  wire::append_operation(bytes, operation);
  return bytes;
}

}  // namespace

bool is_received_value(const wire::Frame& request) noexcept {
  if (request.header.count != 1 || !request.rest_checksum) return false;
  wire::OperationReader reader(request.body(), 1);
  wire::Operation operation;
  return reader.next(operation) && operation.opcode == wire::Opcode::put &&
         (operation.flags & conditions) == 0;
}

void put_received(KVStore& store, wire::Frame& request, const wire::Operation& operation,
                  Version version, ByteBuffer& to) {
  ByteBuffer left = without_key_and_value(request, operation);
  ByteBuffer& bytes = request.bytes();
  ReceivedEntry entry;
  entry.key = operation.key;
  entry.value = operation.value;
  const bool rest_is_value = request.lead_bytes + operation.value.size() == request.body_size();
  if (rest_is_value) entry.checksum = request.rest_checksum;
  entry.memory_bytes = bytes.front_bytes() + bytes.capacity();
  entry.memory.reset(bytes.release());
  bytes = std::move(left);
  append_done(to, store.adopt(entry, version, operation.expires_at));
}

}  // namespace pkv
