#include "ring/point_table.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>

namespace pkv {
namespace {

constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t cell = std::uint64_t{1} << RingPoint::index_bits;

std::uint16_t node_at(const PointTable& table, std::uint64_t position) {
  return table.arcs()[table.find(position)].node_index();
}

TEST_CASE("RingPoint: keeps the node and the upper 48 bits of the position", "[ring]") {
  const RingPoint point(0x0123456789abcdef, 0xfedc);
  CHECK(point.position() == 0x0123456789abffff);
  CHECK(point.node_index() == 0xfedc);
  CHECK(RingPoint(0, 0).position() == 0xffff);
  CHECK(RingPoint(highest, 65535).position() == highest);
  CHECK(RingPoint(highest, 65535).node_index() == 65535);
}

TEST_CASE("PointTable: an arc includes its end and not its start", "[ring]") {
  const PointTable table({RingPoint(9 * cell, 2), RingPoint(4 * cell, 1)});
  const std::uint64_t end_of_1 = 5 * cell - 1;
  const std::uint64_t end_of_2 = 10 * cell - 1;

  CHECK(node_at(table, end_of_1 - 1) == 1);
  CHECK(node_at(table, end_of_1) == 1);
  CHECK(node_at(table, end_of_1 + 1) == 2);
  CHECK(node_at(table, end_of_2) == 2);
  CHECK(node_at(table, end_of_2 + 1) == 1);
}

TEST_CASE("PointTable: what lies behind the last point belongs to the first", "[ring]") {
  const PointTable table({RingPoint(highest / 2, 3), RingPoint(highest / 4, 7)});
  CHECK(node_at(table, 0) == 7);
  CHECK(node_at(table, highest) == 7);
  CHECK(table.points().size() == 2);
  CHECK(table.arcs().back().position() == highest);
  CHECK(table.arcs().back().node_index() == 7);
}

TEST_CASE("PointTable: points at both ends of the circle keep their arcs", "[ring]") {
  const PointTable table({RingPoint(0, 1), RingPoint(highest, 2)});
  CHECK(node_at(table, 0) == 1);
  CHECK(node_at(table, cell - 1) == 1);
  CHECK(node_at(table, cell) == 2);
  CHECK(node_at(table, highest) == 2);
}

TEST_CASE("PointTable: a single point owns everything, wherever it is", "[ring]") {
  for (const std::uint64_t position : {std::uint64_t{0}, highest / 3, highest}) {
    const PointTable table({RingPoint(position, 5)});
    CHECK(node_at(table, 0) == 5);
    CHECK(node_at(table, highest / 2) == 5);
    CHECK(node_at(table, highest) == 5);
  }
}

TEST_CASE("PointTable: of points at one position the lowest node owns the arc", "[ring]") {
  for (const std::uint64_t position : {std::uint64_t{0}, highest / 3, highest}) {
    const PointTable table(
        {RingPoint(position, 4), RingPoint(position, 2), RingPoint(position, 9)});
    CHECK(node_at(table, position) == 2);
    CHECK(node_at(table, 0) == 2);
    CHECK(node_at(table, highest) == 2);
  }
}

TEST_CASE("PointTable: finds what a linear search finds, however points are spread", "[ring]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);

  for (int round = 0; round < 300; ++round) {
    // Shifting crowds the points into a small part of the circle, so into few buckets.
    const auto shift = static_cast<unsigned>(random() % 40);
    std::vector<RingPoint> points;
    for (std::size_t count = 1 + random() % 60; count > 0; --count)
      points.emplace_back(random() >> shift, static_cast<std::uint16_t>(random() % 8));
    const PointTable table(points);
    std::sort(points.begin(), points.end());

    for (int probe = 0; probe < 100; ++probe) {
      // Near a point as often as anywhere.
      std::uint64_t position = random() >> (probe % 2 == 0 ? 0 : shift);
      if (probe % 4 == 3) position = points[random() % points.size()].position() + random() % 3 - 1;
      const auto found = std::ranges::find_if(
          points, [&](const RingPoint& point) { return point.position() >= position; });
      const RingPoint& expected = found == points.end() ? points.front() : *found;
      CAPTURE(round, position);
      REQUIRE(node_at(table, position) == expected.node_index());
    }
  }
}

}  // namespace
}  // namespace pkv
