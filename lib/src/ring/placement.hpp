#pragma once

#include "pkv/node_id.hpp"
#include "pkv/ring_types.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace pkv {

/// Position on the circle, still in full precision, of point `number` (from 0) of a node.
[[nodiscard]] std::uint64_t point_position(NodeId id, std::uint64_t number) noexcept;

/// The points of all nodes, in no particular order.
/// Requires: between one and Ring::max_nodes nodes, of valid weights.
/// Throws std::invalid_argument if there would be none per node, or more than Ring::max_points.
[[nodiscard]] std::vector<RingPoint> place_points(std::span<const RingNode> nodes,
                                                  const RingOptions& options);

}  // namespace pkv
