#include "coordinator/route_table.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace pkv {
namespace {

constexpr std::uint64_t cell = std::uint64_t{1} << RingPoint::index_bits;
constexpr std::uint64_t highest_position = std::numeric_limits<std::uint64_t>::max();

RoutedArc held_by(WorkerIndex first, WorkerIndex second, WorkerIndex third) {
  WorkerList holders;
  holders.add(first);
  holders.add(second);
  holders.add(third);
  RoutedArc arc;
  arc.route.set_holders(holders);
  return arc;
}

TEST_CASE("RouteTable: a new one has the same empty route everywhere", "[placement]") {
  const RouteTable table;
  CHECK(table.arc_count() == 1);
  CHECK(table.routes().size() == 1);
  CHECK(table.cells(0) == std::uint64_t{1} << 48);
  for (const std::uint64_t position : {std::uint64_t{0}, cell, highest_position})
    CHECK(table.find(position) == Route{});
}

TEST_CASE("RouteTable: arcs end where they were told to", "[placement]") {
  RouteTable::Builder builder;
  builder.add(cell - 1, held_by(0, 1, 2));
  builder.add(3 * cell - 1, held_by(1, 2, 0));
  builder.add(highest_position, held_by(0, 1, 2));
  const RouteTable table = std::move(builder).finish();
  CHECK(table.arc_count() == 3);
  CHECK(table.routes().size() == 2);
  CHECK(table.find(0).holders().front() == 0);
  CHECK(table.find(cell - 1).holders().front() == 0);
  CHECK(table.find(cell).holders().front() == 1);
  CHECK(table.find(3 * cell - 1).holders().front() == 1);
  CHECK(table.find(3 * cell).holders().front() == 0);
  CHECK(table.find(highest_position).holders().front() == 0);
  CHECK(table.cells(table.route_of_arc(1)) == 2);
  CHECK(table.cells(table.route_of_arc(0)) == (std::uint64_t{1} << 48) - 2);
}

TEST_CASE("RouteTable: neighbours that are equal are one arc, unless targets differ",
          "[placement]") {
  RouteTable::Builder builder;
  RoutedArc wanted_elsewhere = held_by(0, 1, 2);
  wanted_elsewhere.targets.add(5);
  builder.add(1 * cell - 1, held_by(0, 1, 2));
  builder.add(2 * cell - 1, held_by(0, 1, 2));
  builder.add(3 * cell - 1, wanted_elsewhere);
  builder.add(highest_position, wanted_elsewhere);
  const RouteTable table = std::move(builder).finish();
  REQUIRE(table.arc_count() == 2);
  CHECK(table.last_position(0) == 2 * cell - 1);
  CHECK(table.targets(table.route_of_arc(0)).empty());
  CHECK(table.targets(table.route_of_arc(1)).front() == 5);
}

TEST_CASE("RouteTable: there can be more routes than 16 bits can number", "[placement]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const std::size_t count : {65'535U, 65'536U, 65'537U, 200'000U}) {
    CAPTURE(count);
    RouteTable::Builder builder;
    std::vector<RoutedArc> arcs;
    const std::uint64_t length = (std::uint64_t{1} << 48) / count * cell;
    for (std::size_t i = 0; i < count; ++i) {
      const auto low = static_cast<WorkerIndex>(i % 1000);
      const auto high = static_cast<WorkerIndex>(1000 + i / 1000);
      arcs.push_back(held_by(low, high, 9999));
      builder.add(i + 1 == count ? highest_position : (i + 1) * length - 1, arcs.back());
    }
    const RouteTable table = std::move(builder).finish();
    CHECK(table.arc_count() == count);
    CHECK(table.routes().size() == count);
    bool all_found = true;
    for (std::size_t i = 0; i < count; ++i) {
      all_found = all_found && table.find(i * length) == arcs[i].route &&
                  table.find(i * length + random() % length) == arcs[i].route;
    }
    CHECK(all_found);
    CHECK(table.find(highest_position) == arcs.back().route);

    // All arcs in order, without gaps.
    std::uint64_t next = 0;
    std::size_t visited = 0;
    table.for_each_arc([&](const RingRange& range, std::size_t route) {
      REQUIRE(range.first == next);
      REQUIRE(table.route(route) == arcs[visited].route);
      next = range.last + 1;
      ++visited;
    });
    CHECK(next == 0);
    CHECK(visited == count);
  }
}

TEST_CASE("WorkerList: what is removed leaves no trace", "[placement]") {
  WorkerList list;
  CHECK(list.empty());
  list.add(7);
  list.add(8);
  list.add(9);
  CHECK(list.size() == max_replicas);
  CHECK_FALSE(list.remove(6));
  CHECK(list.remove(8));
  CHECK_FALSE(list.contains(8));
  WorkerList same;
  same.add(7);
  same.add(9);
  CHECK(list == same);
  CHECK(list.remove(7));
  CHECK(list.remove(9));
  CHECK(list == WorkerList{});
}

TEST_CASE("Route: fills are known by their workers", "[placement]") {
  Route route;
  CHECK_FALSE(route.filling());
  CHECK(route.fills().empty());
  const std::vector<Fill> fills{{1, 10, 20}, {2, 11, 21}, {3, 10, 22}};
  route.set_fills(fills);
  CHECK(route.filling());
  CHECK(route.fills().size() == max_replicas);
  CHECK(route.fills_worker(22));
  CHECK_FALSE(route.fills_worker(10));
  CHECK(route.fills_from(11));
  CHECK_FALSE(route.fills_from(21));
  route.set_fills(route.fills().first(1));
  CHECK(route.fills().size() == 1);
  route.set_fills({});
  CHECK(route == Route{});
}

}  // namespace
}  // namespace pkv
