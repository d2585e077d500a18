#pragma once

#include "pkv/worker_process.hpp"

#include "coordinator/coordinator.hpp"

#include <cstdint>
#include <optional>

namespace pkv {

/// What a Cluster knows of one of its nodes.
struct ClusterMember {
  using Clock = Coordinator::Clock;

  bool there = true;    ///< Its process can be sent to.
  bool failed = false;  ///< By fail(), and not restored.
  bool spare = false;   ///< Was not on the ring yet.
  bool filling = false;
  /// The place in the order at which its last transfer was complete. What was written before may
  /// be answered by its source alone.
  std::uint64_t holder_since = 0;
  double weight = 1.0;
  std::uint64_t deaths = 0;
  Clock::time_point lost_at;
  Clock::time_point unsettled_since;  ///< Its loss, or the change of the ring.
  /// Its next process, which has to wait until nothing of the former one is left.
  std::optional<WorkerReady> returned;
};

}  // namespace pkv
