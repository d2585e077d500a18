#pragma once

#include "base/byte_buffer.hpp"
#include "base/endian.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace pkv::wire {

/// What a node says of itself in answer to Opcode::statistics.
struct NodeStatistics {
  std::uint64_t keys = 0;
  std::uint64_t stored_bytes = 0;    ///< What the engine holds for them, overhead included.
  std::uint64_t resident_bytes = 0;  ///< Of the whole process.
  std::uint64_t operations = 0;      ///< Run since the process started.
  std::uint64_t expiring_keys = 0;   ///< Those of the keys that have a time of expiry.
};

inline constexpr std::size_t node_statistics_bytes = 5 * sizeof(std::uint64_t);

inline void append_statistics(ByteBuffer& to, const NodeStatistics& statistics) {
  char* at = to.extend(node_statistics_bytes);
  at = store(at, statistics.keys);
  at = store(at, statistics.stored_bytes);
  at = store(at, statistics.resident_bytes);
  at = store(at, statistics.operations);
  store(at, statistics.expiring_keys);
}

[[nodiscard]] inline std::optional<NodeStatistics> read_statistics(
    std::string_view bytes) noexcept {
  if (bytes.size() != node_statistics_bytes) return std::nullopt;
  NodeStatistics statistics;
  statistics.keys = load<std::uint64_t>(bytes.data());
  statistics.stored_bytes = load<std::uint64_t>(bytes.data() + 8);
  statistics.resident_bytes = load<std::uint64_t>(bytes.data() + 16);
  statistics.operations = load<std::uint64_t>(bytes.data() + 24);
  statistics.expiring_keys = load<std::uint64_t>(bytes.data() + 32);
  return statistics;
}

}  // namespace pkv::wire
