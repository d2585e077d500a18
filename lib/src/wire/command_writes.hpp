#pragma once

#include "pkv/node_id.hpp"

#include "base/byte_buffer.hpp"
#include "base/endian.hpp"
#include "wire/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pkv::wire {

// What a command writes at all nodes, so that any of them which has got its part can tell what is
// missing elsewhere. The value of Opcode::record:
//
//     settled (8), then each operation:  node_count (4)  nodes (4 each)  operation (see Operation)
//
// `settled`: all commands up to this place in the order have been done everywhere. The operations'
// sequence_offset is 0: all have the place of the record.

/// What comes before the operations.
inline constexpr std::size_t record_head_bytes = 8;

/// Bytes that an operation at so many nodes adds.
[[nodiscard]] inline std::size_t recorded_bytes(const Operation& operation,
                                                std::size_t nodes) noexcept {
  return sizeof(std::uint32_t) * (1 + nodes) + encoded_bytes(operation);
}

/// Begins a record's value.
inline void begin_record(ByteBuffer& to, std::uint64_t settled) {
  store(to.extend(record_head_bytes), settled);
}

/// Adds an operation that is done at these nodes. Requires: as append_operation().
inline void append_recorded(ByteBuffer& to, std::span<const NodeId> nodes,
                            const Operation& operation) {
  char* at = to.extend(sizeof(std::uint32_t) * (1 + nodes.size()));
  at = store(at, static_cast<std::uint32_t>(nodes.size()));
  for (const NodeId node : nodes)
    at = store(at, to_number(node));
  append_operation_at(to, operation, 0);
}

/// Walks the operations of a record: its value without the head.
///
/// Lifetime: the operations' views point into `writes`.
/// Errors: next() returns false both at the end and on malformed bytes; complete() tells which.
class CommandWritesReader {
 public:
  explicit CommandWritesReader(std::string_view writes) noexcept : rest_(writes) {}

  [[nodiscard]] bool next() noexcept {
    if (rest_.size() < sizeof(std::uint32_t)) return false;
    const std::size_t count = load<std::uint32_t>(rest_.data());
    const std::string_view behind_count = rest_.substr(sizeof(std::uint32_t));
    if (count > behind_count.size() / sizeof(std::uint32_t)) return false;
    const std::string_view nodes = behind_count.substr(0, count * sizeof(std::uint32_t));
    const std::string_view behind_nodes = behind_count.substr(nodes.size());
    if (!OperationReader(behind_nodes, 1).next(operation_) || !writes(operation_.opcode))
      return false;
    nodes_ = nodes;
    rest_ = behind_nodes.substr(encoded_bytes(operation_));
    return true;
  }

  // Of what next() has read.
  [[nodiscard]] const Operation& operation() const noexcept { return operation_; }
  [[nodiscard]] bool is_at(NodeId node) const noexcept {
    for (std::size_t at = 0; at < nodes_.size(); at += sizeof(std::uint32_t))
      if (load<std::uint32_t>(nodes_.data() + at) == to_number(node)) return true;
    return false;
  }

  /// After next() returned false: whether there was nothing else.
  [[nodiscard]] bool complete() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
  std::string_view nodes_;
  Operation operation_;
};

}  // namespace pkv::wire
