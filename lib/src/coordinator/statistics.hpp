#pragma once

#include "base/latency_histogram.hpp"
#include "protocol/command_table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pkv {

/// What rank 0 measures: the time of each kind of command, from when its bytes were read to when
/// its answer could be written, and what each node was asked to do.
///
/// Times are taken once per turn of the event loop, so a command is charged for the batch it was
/// in. Thread safety: none; lives on the I/O thread.
struct Statistics {
  struct Node {
    std::uint64_t requests = 0;        ///< Operations answered.
    std::uint64_t failures = 0;        ///< Operations given up, or whose answer was damaged.
    LatencyHistogram operation_times;  ///< From a batch's opening to its answer, per operation.
  };

  explicit Statistics(std::size_t nodes) : node(nodes) {}

  void reset() { *this = Statistics(node.size()); }

  static constexpr std::size_t command_kinds = static_cast<std::size_t>(last_command_kind) + 1;

  std::array<LatencyHistogram, command_kinds> command_times;
  std::vector<Node> node;
  std::uint64_t commands = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
};

}  // namespace pkv
