#include "coordinator/recut.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

namespace pkv {
namespace {

/// The arcs of the goal's ring, in order of position, each with its targets.
class TargetArcs {
 public:
  explicit TargetArcs(const PlacementGoal& goal) : goal_(goal), points_(goal.ring.points()) {
    targets_ = targets_at(0);
  }

  [[nodiscard]] const WorkerList& targets() const noexcept { return targets_; }

  [[nodiscard]] std::uint64_t last() const noexcept {
    // Behind the last point the circle goes on to the first.
    return points_.empty() ? std::numeric_limits<std::uint64_t>::max() : points_.front().position();
  }

  void advance() noexcept {
    const std::uint64_t passed = last();
    while (!points_.empty() && points_.front().position() == passed)
      points_ = points_.subspan(1);
    targets_ = targets_at(passed + 1);
  }

 private:
  [[nodiscard]] WorkerList targets_at(std::uint64_t position) const noexcept {
    std::array<std::size_t, max_replicas> places{};
    WorkerList targets;
    for (const std::size_t owner :
         goal_.ring.owner_indices(position, std::span(places).first(goal_.replicas)))
      targets.add(goal_.worker_of_ring_index[owner]);
    return targets;
  }

  const PlacementGoal& goal_;
  std::span<const RingPoint> points_;
  WorkerList targets_;
};

}  // namespace

RouteTable recut(const RouteTable& table, const PlacementGoal& goal) {
  RouteTable::Builder builder;
  TargetArcs wanted(goal);
  for (std::size_t arc = 0; arc < table.arc_count(); ++arc) {
    const Route& route = table.route(table.route_of_arc(arc));
    const std::uint64_t arc_last = table.last_position(arc);
    for (std::uint64_t last = 0; last != arc_last;) {
      last = std::min(arc_last, wanted.last());
      builder.add(last, {route, wanted.targets()});
      if (wanted.last() == last) wanted.advance();
    }
  }
  return std::move(builder).finish();
}

}  // namespace pkv
