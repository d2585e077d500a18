#include "pkv/ring.hpp"

#include "ring/ring_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace pkv {
namespace {

using Catch::Matchers::Contains;
using test::nodes_with_ids;
using test::numbered_nodes;
using test::with_points;

TEST_CASE("Ring: owners of keys agree with the points, for ids with gaps too", "[ring]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const Ring ring(nodes_with_ids({0, 3, 17, 1000, 0x80000000, 0xffffffff}));
  std::vector<std::size_t> owned(ring.nodes().size());
  constexpr int keys = 60'000;
  for (int i = 0; i < keys; ++i) {
    const std::string key = std::to_string(random());
    const std::uint64_t position = Ring::position(key);
    const auto point = std::ranges::lower_bound(ring.points(), position, {}, &RingPoint::position);
    const std::size_t expected =
        (point == ring.points().end() ? ring.points().front() : *point).node_index();
    REQUIRE(ring.owner_index(position) == expected);
    REQUIRE(ring.owner(key) == ring.nodes()[expected].id);
    REQUIRE(ring.owner_at(position) == ring.nodes()[expected].id);
    ++owned[expected];
  }
  // The shares are what the keys really see: 6 standard deviations of a count of 10'000.
  for (std::size_t i = 0; i < owned.size(); ++i) {
    const double expected = ring.share(ring.nodes()[i].id) * keys;
    CHECK(std::abs(static_cast<double>(owned[i]) - expected) < 6 * std::sqrt(expected));
  }
}

TEST_CASE("Ring: the order in which nodes are given does not matter", "[ring]") {
  const Ring ring(nodes_with_ids({5, 1, 9}));
  CHECK(ring == Ring(nodes_with_ids({9, 5, 1})));
  CHECK(ring.nodes()[0].id == NodeId{1});
  CHECK(ring.nodes()[2].id == NodeId{9});
  CHECK(ring.index_of(NodeId{5}) == 1);
  CHECK_FALSE(ring.index_of(NodeId{2}).has_value());
  CHECK_FALSE(ring.index_of(NodeId{10}).has_value());
}

TEST_CASE("Ring: rings are equal if nodes, weights, hosts and options are", "[ring]") {
  const std::vector<RingNode> nodes{{NodeId{1}, 1.0, "a"}, {NodeId{2}, 2.0, "b"}};
  const Ring ring(nodes);
  const Ring copy = ring;
  CHECK(copy == ring);
  CHECK(copy.points().data() == ring.points().data());
  CHECK(Ring(nodes) == ring);
  CHECK(Ring({{NodeId{1}, 1.0, "a"}, {NodeId{2}, 2.5, "b"}}) != ring);
  CHECK(Ring({{NodeId{1}, 1.0, "a"}, {NodeId{2}, 2.0, "c"}}) != ring);
  CHECK(Ring({{NodeId{1}, 1.0, "a"}, {NodeId{3}, 2.0, "b"}}) != ring);
  CHECK(Ring(nodes, with_points(2047)) != ring);
  CHECK(Ring(nodes, {.scheme = RingScheme::node_count}) != ring);
}

TEST_CASE("Ring: shares add up to the whole circle exactly", "[ring]") {
  for (const std::uint32_t count : {1U, 2U, 7U, 64U}) {
    const Ring ring(numbered_nodes(count), with_points(count));
    double total = 0.0;
    for (const RingNode& node : ring.nodes())
      total += ring.share(node.id);
    CHECK(total == 1.0);
  }
  CHECK(Ring(numbered_nodes(2)).share(NodeId{3}) == 0.0);
  CHECK(Ring(numbered_nodes(1)).peak_to_mean() == 1.0);
}

TEST_CASE("Ring: points are in order and in proportion to weights, at least one", "[ring]") {
  const Ring ring({{NodeId{1}, 1.0, ""}, {NodeId{2}, 0.25, ""}, {NodeId{3}, 1e-9, ""}},
                  with_points(10));
  CHECK(ring.points().size() == 10 + 3 + 1);
  CHECK(std::ranges::is_sorted(ring.points()));
  CHECK(ring.share(NodeId{3}) > 0.0);
}

TEST_CASE("Ring: by node count, N nodes have N points each", "[ring]") {
  for (const std::uint32_t count : {1U, 2U, 8U, 40U}) {
    const Ring ring(numbered_nodes(count), {.scheme = RingScheme::node_count});
    CHECK(ring.points().size() == count * count);
    std::vector<std::size_t> points(count);
    for (const RingPoint& point : ring.points())
      ++points[point.node_index()];
    CHECK(points == std::vector<std::size_t>(count, count));
    CHECK(ring.with_node({.id = NodeId{99}}).points().size() == (count + 1) * (count + 1));
    // The same points as any other ring has, only fewer.
    CHECK(ring.moved(Ring(numbered_nodes(count), with_points(count))).ranges.empty());
  }
}

TEST_CASE("Ring: impossible rings are refused with the reason", "[ring]") {
  const auto ring_of = [](double weight) { return Ring({{NodeId{4}, weight, ""}}); };
  CHECK_THROWS_AS(Ring({}), std::invalid_argument);
  CHECK_THROWS_WITH(Ring({}), Contains("at least one node"));
  CHECK_THROWS_WITH(Ring(nodes_with_ids({3, 5, 3})), Contains("node 3 is given twice"));
  CHECK_THROWS_WITH(ring_of(0.0), Contains("weight of node 4"));
  CHECK_THROWS_WITH(ring_of(-1.0), Contains("weight of node 4"));
  CHECK_THROWS_WITH(ring_of(std::nan("")), Contains("weight of node 4"));
  CHECK_THROWS_WITH(ring_of(std::numeric_limits<double>::infinity()), Contains("finite"));
  CHECK_THROWS_WITH(ring_of(std::numeric_limits<double>::max()), Contains("points"));
  CHECK_THROWS_WITH(Ring(numbered_nodes(2), with_points(0)), Contains("points_per_node is 0"));
  CHECK_THROWS_WITH(Ring(numbered_nodes(65'537), with_points(1)), Contains("65537 nodes"));
}

TEST_CASE("Ring: its limits are reached but not passed", "[ring][slow]") {
  const Ring most_nodes(numbered_nodes(65'536), with_points(1));
  CHECK(most_nodes.nodes().size() == Ring::max_nodes);
  CHECK(most_nodes.points().size() == Ring::max_nodes);
  CHECK(most_nodes.owner_index(most_nodes.points()[100].position()) ==
        most_nodes.points()[100].node_index());

  const Ring most_points(numbered_nodes(1), with_points(Ring::max_points));
  CHECK(most_points.points().size() == Ring::max_points);
  CHECK_THROWS_WITH(Ring(numbered_nodes(1), with_points(Ring::max_points + 1)),
                    Contains("more than 4194304 points"));
}

}  // namespace
}  // namespace pkv
