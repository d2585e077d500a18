#pragma once

#include "pkv/node_id.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pkv {

/// A node as the ring sees it.
struct RingNode {
  NodeId id{};
  /// Capacity relative to the other nodes; finite and above zero.
  double weight = 1.0;
  /// The machine that the node runs on: replicas are spread over machines. Nodes of unknown place
  /// (empty) count as being on a machine of their own each.
  std::string host{};

  friend bool operator==(const RingNode&, const RingNode&) = default;
};

/// How many points a node of weight 1 gets on the circle.
enum class RingScheme {
  constant,    ///< RingOptions::points_per_node: only what must move moves when nodes change.
  node_count,  ///< As many as there are nodes: tiny, but uneven, and a change moves twice as much.
};

/// How a ring is laid out. Rings agree on owners only if their options are equal.
struct RingOptions {
  /// The fewest points for which a seed was found that keeps each of the nodes 1 to N at most 5 %
  /// above its fair share, for every N up to 64 and after the loss of any one of them.
  static constexpr std::size_t balanced_points_per_node = 2048;

  RingScheme scheme = RingScheme::constant;
  /// Used by RingScheme::constant. More points: more even, more memory (10 to 12 bytes each).
  std::size_t points_per_node = balanced_points_per_node;

  friend bool operator==(const RingOptions&, const RingOptions&) = default;
};

/// A place on the circle where the arc of one node ends.
///
/// Eight bytes: the upper 48 bits of the position, the node's index in the lower 16. So a look-up
/// finds position and owner in one cache line, arcs are multiples of 2^16 positions, and points
/// that fall on the same position are in order of their nodes.
class RingPoint {
 public:
  static constexpr unsigned index_bits = 16;
  static constexpr std::uint64_t index_mask = (std::uint64_t{1} << index_bits) - 1;

  /// A point at the end of the 2^16 positions around `position`, of the node at `node_index` in
  /// Ring::nodes().
  constexpr RingPoint(std::uint64_t position, std::uint16_t node_index) noexcept
      : bits_((position & ~index_mask) | node_index) {}

  /// The last position that belongs to this point; its lower 16 bits are all set.
  [[nodiscard]] constexpr std::uint64_t position() const noexcept { return bits_ | index_mask; }

  [[nodiscard]] constexpr std::uint16_t node_index() const noexcept {
    return static_cast<std::uint16_t>(bits_ & index_mask);
  }

  friend constexpr auto operator<=>(const RingPoint&, const RingPoint&) = default;

 private:
  std::uint64_t bits_;
};

/// Positions `first` to `last`, both included, which one node hands to another.
/// Never wraps round: first <= last.
struct RingMove {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  NodeId from{};
  NodeId to{};

  friend bool operator==(const RingMove&, const RingMove&) = default;
};

/// What changes hands between two rings.
struct RingMoves {
  /// In order of position; neighbours with the same `from` and `to` are joined.
  std::vector<RingMove> ranges;
  /// The part of the circle that they cover, 0 to 1. Exact.
  double fraction = 0.0;
};

}  // namespace pkv
