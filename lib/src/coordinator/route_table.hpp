#pragma once

#include "coordinator/ring_range.hpp"
#include "coordinator/route.hpp"
#include "ring/point_table.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace pkv {

/// An arc's route, and the workers that ought to hold it.
struct RoutedArc {
  Route route;
  WorkerList targets;

  friend bool operator==(const RoutedArc&, const RoutedArc&) = default;
};

/// Finds the route of a position.
///
/// Many arcs share few routes, so an arc is a point whose 16 bits for a node hold the number of a
/// route, and is found as fast as a node on the ring. For those 16 bits to do on any ring, each
/// 2^16 consecutive arcs number the routes of their own.
///
/// Thread safety: none. Routes can be rewritten in place; arcs cannot be changed.
class RouteTable {
 public:
  class Builder;

  /// One arc, the whole circle, with neither holders nor targets.
  RouteTable();

  [[nodiscard]] const Route& find(std::uint64_t position) const noexcept {
    return routes_[route_of_arc(points_.find(position))];
  }

  [[nodiscard]] std::span<const Route> routes() const noexcept { return routes_; }
  [[nodiscard]] Route& route(std::size_t index) noexcept { return routes_[index]; }
  [[nodiscard]] const Route& route(std::size_t index) const noexcept { return routes_[index]; }
  [[nodiscard]] const WorkerList& targets(std::size_t index) const noexcept {
    return targets_[index];
  }
  /// How much of the circle has the route, see cells_of().
  [[nodiscard]] std::uint64_t cells(std::size_t index) const noexcept { return cells_[index]; }

  /// The arcs are numbered in order of position and cover the circle.
  [[nodiscard]] std::size_t arc_count() const noexcept { return points_.points().size(); }
  [[nodiscard]] std::uint64_t last_position(std::size_t arc) const noexcept {
    return points_.points()[arc].position();
  }
  [[nodiscard]] std::size_t route_of_arc(std::size_t arc) const noexcept {
    return page_starts_[arc >> RingPoint::index_bits] + points_.arcs()[arc].node_index();
  }

  /// Calls visit(RingRange, route index) for every arc, in order of position.
  template <class Visit>
  void for_each_arc(Visit visit) const {
    std::uint64_t first = 0;
    for (std::size_t arc = 0; arc < arc_count(); ++arc) {
      const std::uint64_t last = last_position(arc);
      visit(RingRange{first, last}, route_of_arc(arc));
      first = last + 1;
    }
  }

 private:
  explicit RouteTable(Builder&& builder);

  PointTable points_;
  /// Where in `routes_` those of each 2^16 arcs begin.
  std::vector<std::size_t> page_starts_;
  std::vector<Route> routes_;
  std::vector<WorkerList> targets_;   ///< Of each route.
  std::vector<std::uint64_t> cells_;  ///< Of each route.
};

/// Makes a table, arc after arc.
class RouteTable::Builder {
 public:
  /// Adds the arc from behind the one before, or from 0, to `last`. Neighbours that are equal
  /// become one. Requires: `last` rises, and its lower 16 bits are all set.
  void add(std::uint64_t last, const RoutedArc& arc);
  /// Requires: the last arc ended at the highest position. Leaves the builder empty.
  [[nodiscard]] RouteTable finish() &&;

 private:
  friend class RouteTable;

  struct Hash {
    std::size_t operator()(const RoutedArc& arc) const noexcept;
  };

  void close_arc();

  RoutedArc open_arc_;
  std::uint64_t open_last_ = 0;
  bool is_open_ = false;
  std::uint64_t next_first_ = 0;
  std::vector<RingPoint> points_;
  std::vector<std::size_t> page_starts_;
  std::vector<Route> routes_;
  std::vector<WorkerList> targets_;
  std::vector<std::uint64_t> cells_;
  std::unordered_map<RoutedArc, std::uint16_t, Hash> numbers_;  ///< Of the open page.
};

}  // namespace pkv
