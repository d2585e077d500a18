#include "coordinator/placement.hpp"
#include "coordinator/recut.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace pkv {
namespace {

/// The most that a worker has to hold, compared with its part of the weights.
double peak_to_mean(const RouteTable& table, const PlacementGoal& goal, std::size_t worker_count) {
  std::vector<std::uint64_t> cells(worker_count);
  std::uint64_t total_cells = 0;
  for (std::size_t route = 0; route < table.routes().size(); ++route) {
    for (const WorkerIndex target : table.targets(route)) {
      cells[target] += table.cells(route);
      total_cells += table.cells(route);
    }
  }
  double total_weight = 0.0;
  for (const RingNode& node : goal.ring.nodes())
    total_weight += node.weight;

  double peak = 0.0;
  for (std::size_t index = 0; index < goal.ring.nodes().size(); ++index) {
    const double fair_part = goal.ring.nodes()[index].weight / total_weight;
    const double part = static_cast<double>(cells[goal.worker_of_ring_index[index]]) /
                        static_cast<double>(total_cells);
    peak = std::max(peak, part / fair_part);
  }
  return peak;
}

}  // namespace

PlacementForecast Placement::forecast(const PlacementGoal& goal,
                                      std::span<const WorkerIndex> revived) const {
  Placement imagined = *this;
  for (const WorkerIndex worker : revived)
    imagined.live_[worker] = true;
  const PlacementChange change = imagined.retarget(goal);

  PlacementForecast forecast;
  std::map<std::pair<WorkerIndex, WorkerIndex>, double> shares;
  for (const PlannedTransfer& transfer : change.transfers) {
    if (transfer.continues == 0)
      shares[{transfer.source, transfer.destination}] += share_of(transfer.ranges);
  }
  for (const auto& [workers, share] : shares) {
    forecast.moves.push_back({workers.first, workers.second, share});
    forecast.moved_share += share;
  }
  forecast.peak_to_mean = peak_to_mean(imagined.table_, goal, live_.size());
  return forecast;
}

}  // namespace pkv
