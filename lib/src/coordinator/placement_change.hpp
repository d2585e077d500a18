#pragma once

#include "coordinator/ring_range.hpp"
#include "coordinator/worker_list.hpp"

#include <cstdint>
#include <vector>

namespace pkv {

/// Entries to be copied from one worker to another. What it covers never changes: if that has to,
/// the transfer is ended and others continue it.
struct PlannedTransfer {
  std::uint32_t id = 0;
  /// The transfer whose frontier this one starts from, because its destination has everything up to
  /// there; 0 if it starts from nothing. One transfer may be continued by several.
  std::uint32_t continues = 0;
  WorkerIndex source = 0;
  WorkerIndex destination = 0;
  std::vector<RingRange> ranges;  ///< Sorted, disjoint, not touching.
};

/// Entries that a worker has but shall no longer hold. Nobody reads them; until they are erased
/// they count wrongly, and the worker is given nothing new, which the erasing might hit.
struct Drop {
  std::uint32_t id = 0;
  WorkerIndex worker = 0;
  std::vector<RingRange> ranges;  ///< Sorted, disjoint, not touching.
};

/// A worker became the holder of arcs of which no holder was left. It has none of their entries, or
/// those that a transfer, ended by that, had copied.
struct Loss {
  WorkerIndex worker = 0;
  std::uint32_t salvaged_from = 0;  ///< The transfer; 0 if the worker has none of the entries.
  double share = 0.0;               ///< Of the circle, 0 to 1.
};

/// What has to be done for a change of placement, in this order. The routes are as changed already.
/// Ids of transfers and drops are different from each other and never used again.
struct PlacementChange {
  /// Transfers to be stopped. Their destinations keep what they have been given.
  std::vector<std::uint32_t> ended;
  std::vector<PlannedTransfer> transfers;  ///< To be started.
  std::vector<Drop> drops;                 ///< To be erased.
  std::vector<Loss> losses;                ///< To be told to somebody.
};

/// What a ring change would bring.
struct PlacementForecast {
  struct Move {
    WorkerIndex source = 0;
    WorkerIndex destination = 0;
    double share = 0.0;  ///< Of the circle, 0 to 1.
  };
  std::vector<Move> moves;   ///< To be copied, in order of source and destination.
  double moved_share = 0.0;  ///< Of all of them. Up to the number of replicas.
  /// How far the worker with the most entries will be above what its weight entitles it to.
  double peak_to_mean = 1.0;
};

}  // namespace pkv
