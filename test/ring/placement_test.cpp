#include "ring/placement.hpp"

#include "pkv/ring.hpp"

#include "ring/ring_support.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

// Stored data is where an earlier build put it: placement may never drift. The values here come
// from a second implementation, in another language, of the rules in ring.hpp and placement.cpp.

namespace pkv {
namespace {

using namespace std::string_view_literals;
using test::numbered_nodes;

struct GoldenKey {
  std::string_view key;
  std::uint64_t position;
  std::uint32_t owner_of_4;
  std::uint32_t owner_of_8;
};

// XXH3 has code of its own for keys of more than 16, 128 and 240 bytes.
const std::string long_key(200, 'x');
const std::string longest_key = [] {
  std::string key;
  for (int i = 0; i < 300; ++i)
    key += static_cast<char>(i);
  return key;
}();

const std::array golden_keys = {
    GoldenKey{"", 0x2d06800538d394c2, 4, 8},
    GoldenKey{"a", 0xe6c632b61e964e1f, 4, 4},
    GoldenKey{"abc", 0x78af5f94892f3950, 4, 8},
    GoldenKey{"key", 0xbbea0d63a05165e3, 3, 6},
    GoldenKey{"color", 0x0c37b10495d47aa9, 4, 4},
    GoldenKey{"user:1", 0x3b577afd7fed9501, 1, 1},
    GoldenKey{"user:2", 0x69a0366b760b5c02, 1, 7},
    GoldenKey{"user:1000", 0xfb6841b2068c0c9f, 4, 6},
    GoldenKey{"The quick brown fox jumps over the lazy dog", 0xce7d19a5418fb365, 2, 8},
    GoldenKey{"\0\xff\r\n"sv, 0x7b29427801f4d236, 2, 2},
    GoldenKey{long_key, 0x50ef124fb1e4de53, 3, 8},
    GoldenKey{longest_key, 0xd44052f5a3485425, 3, 3},
};

TEST_CASE("Ring: the positions and owners of keys never change", "[ring][golden]") {
  const Ring one(numbered_nodes(1));
  const Ring four(numbered_nodes(4));
  const Ring eight(numbered_nodes(8));
  for (const GoldenKey& golden : golden_keys) {
    CAPTURE(golden.key);
    CHECK(Ring::position(golden.key) == golden.position);
    CHECK(to_number(one.owner(golden.key)) == 1);
    CHECK(to_number(four.owner(golden.key)) == golden.owner_of_4);
    CHECK(to_number(eight.owner(golden.key)) == golden.owner_of_8);
  }
}

TEST_CASE("Ring: the points of a node never change", "[ring][golden]") {
  CHECK(point_position(NodeId{1}, 0) == 0xce613909cfecc857);
  CHECK(point_position(NodeId{1}, 1) == 0x72709c42646db669);
  CHECK(point_position(NodeId{1}, 2) == 0x6cfb44c59591e367);
  CHECK(point_position(NodeId{1}, 2047) == 0x084bf35813912370);
  CHECK(point_position(NodeId{2}, 0) == 0x1fca053fe807f1e6);
  CHECK(point_position(NodeId{2}, 2047) == 0x9e7b21fe008901c6);
  CHECK(point_position(NodeId{0xffffffff}, 0) == 0x9bf10d15925fb466);
  CHECK(point_position(NodeId{0xffffffff}, 2047) == 0x5441698b1385f34c);

  const Ring ring(numbered_nodes(8));
  CHECK(ring.points()[0] == RingPoint(0x000037985210ffff, 6));
  CHECK(ring.points()[1] == RingPoint(0x000975ff76c7ffff, 0));
  CHECK(ring.points()[2] == RingPoint(0x000a48b70055ffff, 2));
}

/// In units of 2^-48 of the circle, in order of id.
std::vector<std::uint64_t> exact_shares(const Ring& ring) {
  std::vector<std::uint64_t> shares;
  for (const RingNode& node : ring.nodes())
    shares.push_back(static_cast<std::uint64_t>(ring.share(node.id) * 0x1p48));
  return shares;
}

TEST_CASE("Ring: the arcs of nodes never change", "[ring][golden]") {
  CHECK(exact_shares(Ring(numbered_nodes(1))) == std::vector{std::uint64_t{1} << 48});
  CHECK(exact_shares(Ring(numbered_nodes(4))) ==
        std::vector<std::uint64_t>{69166080521005, 72182641380600, 70312423669488, 69813831139563});
  CHECK(exact_shares(Ring(numbered_nodes(8))) ==
        std::vector<std::uint64_t>{33582266601258, 34701256438283, 36231790984716, 35347884507879,
                                   34464118818634, 35583131841474, 35700773429242, 35863754089170});
}

TEST_CASE("Placement: points go to the nodes by index, as many as their weight asks", "[ring]") {
  const std::vector<RingNode> nodes{{NodeId{5}, 1.0, ""}, {NodeId{6}, 0.5, ""}};
  const std::vector<RingPoint> points = place_points(nodes, test::with_points(4));
  REQUIRE(points.size() == 6);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool of_first = i < 4;
    const NodeId id = of_first ? NodeId{5} : NodeId{6};
    CHECK(points[i] == RingPoint(point_position(id, of_first ? i : i - 4), of_first ? 0 : 1));
  }
}

}  // namespace
}  // namespace pkv
