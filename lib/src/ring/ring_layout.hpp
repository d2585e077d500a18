#pragma once

#include "pkv/ring.hpp"

#include "ring/point_table.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pkv {

/// What copies of a ring share. Immutable once built.
struct Ring::Layout {
  /// Throws like the constructor of Ring.
  Layout(std::vector<RingNode> ring_nodes, const RingOptions& ring_options);

  RingOptions options;
  std::vector<RingNode> nodes;  ///< In order of id.
  PointTable table;
  std::vector<std::size_t> hosts;  ///< Of each node: a number, the same for nodes on one host.
  std::size_t host_count;
  std::vector<double> shares;  ///< Of each node, exact.
};

}  // namespace pkv
