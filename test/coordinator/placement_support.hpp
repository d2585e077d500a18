#pragma once

#include "coordinator/placement.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace pkv::test {

/// Node id n is served by worker n - 1.
inline PlacementGoal goal_of(Ring ring, std::size_t replicas) {
  std::vector<WorkerIndex> workers;
  for (const RingNode& node : ring.nodes())
    workers.push_back(static_cast<WorkerIndex>(to_number(node.id) - 1));
  return {std::move(ring), replicas, std::move(workers)};
}

inline std::vector<WorkerIndex> targets_at(const PlacementGoal& goal, std::uint64_t position) {
  std::vector<WorkerIndex> targets;
  for (const NodeId id : goal.ring.owners_at(position, goal.replicas))
    targets.push_back(goal.worker_of_ring_index[*goal.ring.index_of(id)]);
  return targets;
}

inline std::vector<WorkerIndex> holders_at(const Placement& placement, std::uint64_t position) {
  const WorkerList& holders = placement.route(position).holders();
  return {holders.begin(), holders.end()};
}

inline bool covers(std::span<const RingRange> ranges, std::uint64_t position) {
  const auto range = std::ranges::lower_bound(ranges, position, {}, &RingRange::last);
  return range != ranges.end() && range->first <= position;
}

inline bool are_sorted_and_apart(std::span<const RingRange> ranges) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].first > ranges[i].last) return false;
    if (i > 0 && ranges[i - 1].last + 1 >= ranges[i].first) return false;
  }
  return !ranges.empty();
}

}  // namespace pkv::test
