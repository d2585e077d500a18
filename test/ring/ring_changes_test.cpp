#include "pkv/ring.hpp"

#include "ring/ring_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

namespace pkv {
namespace {

using Catch::Matchers::Contains;
using test::numbered_nodes;
using test::random_nodes;
using test::with_points;

/// Checks the list of moves against the owners themselves, at its edges and at random positions.
void check_moves(const Ring& before, const Ring& after, std::mt19937_64& random) {
  const RingMoves moves = before.moved(after);
  double fraction = 0.0;
  const RingMove* previous = nullptr;
  for (const RingMove& move : moves.ranges) {
    REQUIRE(move.first <= move.last);
    REQUIRE(move.from != move.to);
    for (const std::uint64_t position : {move.first, move.last}) {
      REQUIRE(before.owner_at(position) == move.from);
      REQUIRE(after.owner_at(position) == move.to);
    }
    if (previous != nullptr) {
      REQUIRE(previous->last < move.first);
      const bool joined = previous->last + 1 == move.first && previous->from == move.from &&
                          previous->to == move.to;
      REQUIRE_FALSE(joined);
    }
    previous = &move;
    fraction += static_cast<double>((move.last - move.first) / 65536 + 1) * 0x1p-48;
  }
  REQUIRE(moves.fraction == fraction);

  for (int probe = 0; probe < 2000; ++probe) {
    const std::uint64_t position = random();
    const auto range = std::ranges::lower_bound(moves.ranges, position, {}, &RingMove::last);
    const bool listed = range != moves.ranges.end() && range->first <= position;
    REQUIRE(listed == (before.owner_at(position) != after.owner_at(position)));
  }
}

TEST_CASE("Ring: moved lists exactly the positions whose owner differs", "[ring]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    const Ring before(random_nodes(random), with_points(1 + random() % 50));
    const Ring after(random_nodes(random), with_points(1 + random() % 50));
    check_moves(before, after, random);
    check_moves(after, before, random);
  }
}

TEST_CASE("Ring: nothing moves between equal rings, everything between disjoint ones", "[ring]") {
  const Ring ring(numbered_nodes(4));
  CHECK(ring.moved(ring).ranges.empty());
  CHECK(ring.moved(Ring(numbered_nodes(4))).fraction == 0.0);

  const Ring one(test::nodes_with_ids({1}));
  const Ring other(test::nodes_with_ids({2}));
  const RingMove everything{0, std::numeric_limits<std::uint64_t>::max(), NodeId{1}, NodeId{2}};
  CHECK(one.moved(other).ranges == std::vector{everything});
  CHECK(one.moved(other).fraction == 1.0);
}

TEST_CASE("Ring: a change moves keys only to or from the changed node", "[ring]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    const Ring ring(random_nodes(random), with_points(1 + random() % 100));
    const NodeId newcomer{0xffffffff};
    const Ring joined = ring.with_node({.id = newcomer, .weight = 1.5});
    const RingMoves in = ring.moved(joined);
    CHECK(in.fraction == joined.share(newcomer));
    for (const RingMove& move : in.ranges)
      REQUIRE(move.to == newcomer);
    check_moves(ring, joined, random);

    const NodeId leaver = ring.nodes()[random() % ring.nodes().size()].id;
    const RingMoves out = ring.moved(ring.without_node(leaver));
    CHECK(out.fraction == ring.share(leaver));
    for (const RingMove& move : out.ranges)
      REQUIRE(move.from == leaver);

    const NodeId grown = ring.nodes()[random() % ring.nodes().size()].id;
    const double weight = ring.nodes()[*ring.index_of(grown)].weight;
    for (const RingMove& move : ring.moved(ring.with_weight(grown, weight * 2)).ranges)
      REQUIRE(move.to == grown);
    for (const RingMove& move : ring.moved(ring.with_weight(grown, weight / 2)).ranges)
      REQUIRE(move.from == grown);
  }
}

TEST_CASE("Ring: a change undone gives the ring as it was", "[ring]") {
  const Ring ring(numbered_nodes(5));
  CHECK(ring.with_node({.id = NodeId{6}}).without_node(NodeId{6}) == ring);
  CHECK(ring.without_node(NodeId{3}).with_node({.id = NodeId{3}}) == ring);
  CHECK(ring.with_weight(NodeId{2}, 3.0).with_weight(NodeId{2}, 1.0) == ring);
  CHECK(ring.with_weight(NodeId{2}, 1.0) == ring);
}

TEST_CASE("Ring: a change keeps the options", "[ring]") {
  const Ring ring(numbered_nodes(3), with_points(10));
  CHECK(ring.with_node({.id = NodeId{9}}).points().size() == 40);
  CHECK(ring.without_node(NodeId{1}).points().size() == 20);
  CHECK(ring.with_weight(NodeId{1}, 2.5).points().size() == 45);
}

TEST_CASE("Ring: impossible changes are refused by name and leave the ring alone", "[ring]") {
  const Ring ring(test::nodes_with_ids({7}));
  CHECK_THROWS_WITH(ring.with_node({.id = NodeId{7}}), Contains("node 7 is given twice"));
  CHECK_THROWS_WITH(ring.without_node(NodeId{8}), Contains("node 8 is not on the ring"));
  CHECK_THROWS_WITH(ring.without_node(NodeId{7}), Contains("at least one node"));
  CHECK_THROWS_WITH(ring.with_weight(NodeId{8}, 1.0), Contains("node 8 is not on the ring"));
  CHECK_THROWS_WITH(ring.with_weight(NodeId{7}, 0.0), Contains("weight of node 7"));
  CHECK_THROWS_AS(ring.with_weight(NodeId{7}, -1.0), std::invalid_argument);
  CHECK(ring == Ring(test::nodes_with_ids({7})));
}

}  // namespace
}  // namespace pkv
