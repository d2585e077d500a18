#include "pkv/ring.hpp"

#include "ring/ring_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace pkv {
namespace {

using test::numbered_nodes;
using test::random_nodes;

/// What Ring::owners_at promises, in the plainest way: all nodes in the order of their first point
/// after the position, then those on new hosts drawn to the front.
std::vector<NodeId> expected_owners(const Ring& ring, std::uint64_t position, std::size_t count) {
  std::vector<RingNode> met;
  const std::span<const RingPoint> points = ring.points();
  const auto start = std::ranges::lower_bound(points, position, {}, &RingPoint::position);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto at = (static_cast<std::size_t>(start - points.begin()) + i) % points.size();
    const RingNode& node = ring.nodes()[points[at].node_index()];
    if (std::ranges::find(met, node) == met.end()) met.push_back(node);
  }
  std::set<std::string> hosts;
  std::ranges::stable_partition(met, [&](const RingNode& node) {
    return node.host.empty() || hosts.insert(node.host).second;
  });
  met.resize(std::min(count, met.size()));
  std::vector<NodeId> ids;
  for (const RingNode& node : met)
    ids.push_back(node.id);
  return ids;
}

TEST_CASE("Ring: owners are distinct, the owner first, new hosts before used ones", "[ring]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);

  for (int round = 0; round < 60; ++round) {
    std::vector<RingNode> nodes = random_nodes(random);
    if (round % 3 == 0) nodes.front().host.clear();
    const Ring ring(nodes, test::with_points(1 + random() % 20));
    for (int probe = 0; probe < 20; ++probe) {
      const std::uint64_t position = probe == 0 ? ring.points().back().position() + 1 : random();
      for (std::size_t count = 0; count <= nodes.size() + 1; ++count) {
        CAPTURE(round, position, count);
        const std::vector<NodeId> owners = ring.owners_at(position, count);
        REQUIRE(owners == expected_owners(ring, position, count));
        REQUIRE(owners.size() == std::min(count, nodes.size()));
        REQUIRE(std::set<NodeId>(owners.begin(), owners.end()).size() == owners.size());
        if (count > 0) REQUIRE(owners.front() == ring.owner_at(position));
      }
    }
  }
}

TEST_CASE("Ring: two copies are never on one host while there is another", "[ring]") {
  std::vector<RingNode> nodes = numbered_nodes(6);
  for (RingNode& node : nodes)
    node.host = to_number(node.id) == 6 ? "b" : "a";
  const Ring ring(nodes);
  for (int i = 0; i < 1000; ++i) {
    const std::vector<NodeId> owners = ring.owners("key" + std::to_string(i), 2);
    const auto on_b = std::ranges::count(owners, NodeId{6});
    REQUIRE(on_b == 1);
  }
}

TEST_CASE("Ring: nodes of unknown host may all hold copies of one key", "[ring]") {
  const Ring ring(numbered_nodes(3));
  for (int i = 0; i < 100; ++i) {
    const std::vector<NodeId> owners = ring.owners("key" + std::to_string(i), 3);
    REQUIRE(std::ranges::is_permutation(owners, std::vector{NodeId{1}, NodeId{2}, NodeId{3}}));
  }
}

TEST_CASE("Ring: the second owner takes over when the first leaves", "[ring]") {
  const Ring ring(numbered_nodes(5));
  for (int i = 0; i < 20; ++i) {
    const std::string key = "key" + std::to_string(i);
    const std::vector<NodeId> owners = ring.owners(key, 2);
    REQUIRE(ring.without_node(owners[0]).owner(key) == owners[1]);
  }
}

TEST_CASE("Ring: owner_indices fills from the front and leaves the rest alone", "[ring]") {
  const Ring ring(test::nodes_with_ids({10, 20}));
  std::array<std::size_t, 4> found{77, 77, 77, 77};
  const std::span<std::size_t> filled = ring.owner_indices(Ring::position("key"), found);

  REQUIRE(filled.size() == 2);
  CHECK(filled.data() == found.data());
  CHECK(ring.nodes()[filled[0]].id == ring.owner("key"));
  CHECK(filled[0] + filled[1] == 1);
  CHECK(found[2] == 77);
  CHECK(found[3] == 77);
  CHECK(ring.owner_indices(0, {}).empty());
}

}  // namespace
}  // namespace pkv
