// How holders are kept until somebody agrees to their exchange.

#include "coordinator/placement.hpp"
#include "coordinator/placement_settlement.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace pkv {

PlacementChange Placement::release() {
  holding_ = false;
  std::vector<std::size_t> all(table_.routes().size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  Settlement settlement(*this);
  for (const std::size_t route : all)
    while (table_.route(route).filling())
      settlement.complete_fill(route, table_.route(route).fills().front().transfer);
  waiting_.clear();
  settlement.settle(all);
  return std::move(settlement).finish();
}

void Placement::stop_holding() noexcept {
  holding_ = false;
  waiting_.clear();
}

PlacementChange Placement::drop_unheld(WorkerIndex worker) {
  if (!live_[worker]) return {};
  Settlement settlement(*this);
  for (std::size_t route = 0; route < table_.routes().size(); ++route) {
    const Route& present = table_.route(route);
    if (!present.holders().contains(worker) && !present.fills_worker(worker))
      settlement.drop(route, worker);
  }
  return std::move(settlement).finish();
}

bool Placement::is_settled_but_for_release(std::size_t route) const {
  const Route& present = table_.route(route);
  const bool all_wait = std::ranges::all_of(
      present.fills(), [this](const Fill& fill) { return waiting_.contains(fill.transfer); });
  return all_wait && std::ranges::all_of(table_.targets(route), [&](WorkerIndex target) {
           return present.holders().contains(target) || present.fills_worker(target);
         });
}

}  // namespace pkv
