#pragma once

#include "pkv/ring.hpp"

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

namespace pkv::test {

/// Nodes 1 to `count`, of weight 1.
inline std::vector<RingNode> numbered_nodes(std::uint32_t count) {
  std::vector<RingNode> nodes;
  for (std::uint32_t id = 1; id <= count; ++id)
    nodes.push_back({.id = NodeId{id}});
  return nodes;
}

inline std::vector<RingNode> nodes_with_ids(std::initializer_list<std::uint32_t> ids) {
  std::vector<RingNode> nodes;
  for (const std::uint32_t id : ids)
    nodes.push_back({.id = NodeId{id}});
  return nodes;
}

inline RingOptions with_points(std::size_t points_per_node) {
  return {.scheme = RingScheme::constant, .points_per_node = points_per_node};
}

/// A few nodes with random ids, weights and hosts.
inline std::vector<RingNode> random_nodes(std::mt19937_64& random) {
  std::vector<RingNode> nodes;
  const std::size_t count = 2 + random() % 12;
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < count; ++i) {
    id += 1 + static_cast<std::uint32_t>(random() % 100'000'000);
    const double weight = 0.25 + static_cast<double>(random() % 16) / 4.0;
    nodes.push_back({NodeId{id}, weight, "host" + std::to_string(random() % 5)});
  }
  return nodes;
}

}  // namespace pkv::test
