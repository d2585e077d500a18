#include "coordinator/placement.hpp"

#include "coordinator/placement_settlement.hpp"
#include "coordinator/recut.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace pkv {
namespace {

void check(const PlacementGoal& goal, std::size_t worker_count) {
  if (goal.replicas < 1 || goal.replicas > max_replicas) {
    throw std::invalid_argument("placement: " + std::to_string(goal.replicas) +
                                " replicas; there must be 1 to " + std::to_string(max_replicas));
  }
  if (goal.worker_of_ring_index.size() != goal.ring.nodes().size())
    throw std::invalid_argument("placement: there must be one worker for each node on the ring");
  std::vector<bool> is_used(worker_count);
  for (const WorkerIndex worker : goal.worker_of_ring_index) {
    if (worker >= worker_count)
      throw std::invalid_argument("placement: there is no worker " + std::to_string(worker));
    if (is_used[worker]) {
      throw std::invalid_argument("placement: worker " + std::to_string(worker) +
                                  " serves two nodes");
    }
    is_used[worker] = true;
  }
}

/// The routes for which matches(route, targets).
template <class Matches>
std::vector<std::size_t> find_routes(const RouteTable& table, Matches matches) {
  std::vector<std::size_t> found;
  for (std::size_t route = 0; route < table.routes().size(); ++route) {
    if (matches(table.route(route), table.targets(route))) found.push_back(route);
  }
  return found;
}

}  // namespace

Placement::Placement(const PlacementGoal& goal, std::size_t worker_count)
    : live_(worker_count, true), lives_since_(worker_count), lacking_(worker_count, false) {
  (void)retarget(goal);  // nobody holds anything, so the targets do at once
}

PlacementChange Placement::lose(WorkerIndex worker) {
  if (!live_[worker]) return {};
  live_[worker] = false;
  std::erase_if(drops_, [&](const auto& drop) { return drop.second == worker; });
  const std::vector<std::size_t> touched =
      find_routes(table_, [&](const Route& route, const WorkerList&) {
        return route.holders().contains(worker) || route.fills_worker(worker);
      });
  for (const std::size_t route : touched) {
    WorkerList holders = table_.route(route).holders();
    holders.remove(worker);
    table_.route(route).set_holders(holders);
  }
  Settlement settlement(*this);
  settlement.settle(touched);
  return std::move(settlement).finish();
}

PlacementChange Placement::revive(WorkerIndex worker) {
  if (live_[worker]) return {};
  live_[worker] = true;
  lives_since_[worker] = changes_;
  return settle_targets(worker);
}

PlacementChange Placement::keep_one_copy(std::span<const WorkerIndex> least_trusted_first) {
  const std::vector<std::size_t> touched = find_routes(
      table_, [](const Route& route, const WorkerList&) { return route.holders().size() > 1; });
  Settlement settlement(*this);
  for (const std::size_t route : touched)
    settlement.keep_one_copy(route, least_trusted_first);
  settlement.settle(touched);
  return std::move(settlement).finish();
}

PlacementChange Placement::retarget(const PlacementGoal& goal) {
  check(goal, live_.size());
  table_ = recut(table_, goal);
  Settlement settlement(*this);
  settlement.settle(find_routes(table_, [](const Route&, const WorkerList&) { return true; }));
  return std::move(settlement).finish();
}

PlacementChange Placement::complete(std::uint32_t transfer) {
  const std::vector<std::size_t> touched =
      find_routes(table_, [&](const Route& route, const WorkerList&) {
        return route.filling() &&
               std::ranges::find(route.fills(), transfer, &Fill::transfer) != route.fills().end();
      });
  Settlement settlement(*this);
  for (const std::size_t route : touched)
    settlement.complete_fill(route, transfer);
  settlement.settle(touched);
  return std::move(settlement).finish();
}

PlacementChange Placement::erased(std::uint32_t drop) {
  const auto carried_out = drops_.find(drop);
  if (carried_out == drops_.end()) return {};
  const WorkerIndex worker = carried_out->second;
  drops_.erase(carried_out);
  return settle_targets(worker);
}

/// The worker can be given something that it could not be given before.
PlacementChange Placement::settle_targets(WorkerIndex worker) {
  Settlement settlement(*this);
  settlement.settle(find_routes(
      table_, [&](const Route&, const WorkerList& targets) { return targets.contains(worker); }));
  return std::move(settlement).finish();
}

double Placement::unheld_share() const noexcept {
  std::uint64_t cells = 0;
  for (std::size_t route = 0; route < table_.routes().size(); ++route) {
    if (table_.route(route).holders().empty()) cells += table_.cells(route);
  }
  return share_of_cells(cells);
}

double Placement::held_share(WorkerIndex worker) const noexcept {
  std::uint64_t cells = 0;
  for (std::size_t route = 0; route < table_.routes().size(); ++route) {
    if (table_.route(route).holders().contains(worker)) cells += table_.cells(route);
  }
  return share_of_cells(cells);
}

Placement::Shares Placement::shares(const std::function<bool(WorkerIndex)>& is_fit) const {
  Shares shares;
  shares.of_worker.resize(live_.size());
  table_.for_each_arc([&](const RingRange& arc, std::size_t route) {
    const WorkerList& holders = table_.route(route).holders();
    const auto fit = std::ranges::find_if(holders, is_fit);
    if (fit == holders.end())
      shares.complete = false;
    else
      append_joined(shares.of_worker[*fit], arc);
  });
  return shares;
}

/// Finds out what is asked for more often than it changes.
void Placement::measure() {
  ++changes_;
  degree_ = measured_degree();
  can_release_ = true;
  lacking_.assign(live_.size(), false);
  for (std::size_t route = 0; route < table_.routes().size(); ++route) {
    const WorkerList& holders = table_.route(route).holders();
    for (const WorkerIndex target : table_.targets(route))
      if (!holders.contains(target)) lacking_[target] = true;
    can_release_ = can_release_ && is_settled_but_for_release(route);
  }
}

std::size_t Placement::measured_degree() const noexcept {
  if (!drops_.empty()) return 0;
  const std::size_t count = table_.routes().front().holders().size();
  const bool is_even = std::ranges::all_of(table_.routes(), [&](const Route& route) {
    return !route.filling() && route.holders().size() == count;
  });
  return is_even ? count : 0;
}

}  // namespace pkv
