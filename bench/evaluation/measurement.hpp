#pragma once

#include "evaluation/settings.hpp"

#include <cstdint>
#include <vector>

namespace pkv::evaluation {

/// The times of one kind of operation as rank 0 measured them: from when the bytes of the command
/// were read to when its answer could be written.
struct OperationTimes {
  std::uint64_t count = 0;
  double mean_us = 0;
  double p50_us = 0;
  double p99_us = 0;
  double max_us = 0;
};

/// What one node had to do, as rank 0 counted it.
struct NodeLoad {
  std::int64_t node = 0;
  std::uint64_t requests = 0;  ///< During the measured part.
  std::uint64_t keys = 0;      ///< At its end.
  double ring_share = 0;       ///< The part of all keys that the ring gives it.
};

/// How evenly the requests were spread over the nodes.
struct Balance {
  double mean = 0;
  double standard_deviation = 0;  ///< Of the population: the nodes are all there are.
  double peak_to_mean = 0;
};

/// One run.
struct Measurement {
  int workers = 0;
  int clients = 0;
  std::size_t operations = 0;
  double seconds = 0;  ///< From the first command of the measured part to the last answer.
  PerKind<OperationTimes> times;
  std::vector<NodeLoad> nodes;

  [[nodiscard]] double operations_per_second() const noexcept {
    return static_cast<double>(operations) / seconds;
  }
  [[nodiscard]] Balance balance() const;
};

}  // namespace pkv::evaluation
