#pragma once

#include "pkv/node_id.hpp"
#include "pkv/ring_types.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace pkv {

/// Says which node owns a key, by consistent hashing.
///
/// Nodes have points on a circle of 2^64 positions; a key belongs to the node of the first point at
/// or after the key's own position (Karger et al., "Consistent Hashing and Random Trees", 1997).
/// Hence a node that joins takes keys only for itself, and one that leaves gives up only its own.
///
/// The layout is a function of the options and the set of nodes (ids and weights), nothing else:
/// every rank, platform and version computes the same one. A change is a new ring; `moved` tells
/// what has to travel between the two.
///
/// Thread safety: immutable; any number of threads may use one ring or copies of it.
/// Lifetime: a copy shares the layout and costs one reference count. References and spans that a
/// ring gives out are good while any copy of it lives. A moved-from ring may only be assigned to or
/// destroyed.
/// Errors: constructors and `with...` functions throw std::invalid_argument, naming the fault.
class Ring {
 public:
  static constexpr std::size_t max_nodes = std::size_t{1} << RingPoint::index_bits;
  static constexpr std::size_t max_points = std::size_t{1} << 22;

  /// The nodes may come in any order. A node gets points in proportion to its weight, at least one.
  /// Throws if there is no node, an id appears twice, a weight is not finite and above zero, or
  /// there would be more than `max_nodes` nodes or `max_points` points.
  explicit Ring(std::vector<RingNode> nodes, RingOptions options = {});

  /// Where a key lies on the circle: XXH3 (64 bits, seed 0) of its bytes.
  [[nodiscard]] static std::uint64_t position(std::string_view key) noexcept;

  [[nodiscard]] NodeId owner(std::string_view key) const noexcept;
  [[nodiscard]] NodeId owner_at(std::uint64_t position) const noexcept;
  /// The owner as an index into nodes(), for those who keep an array beside it.
  [[nodiscard]] std::size_t owner_index(std::uint64_t position) const noexcept;

  /// The `count` nodes that hold copies of a key, in order of preference; all nodes if `count` is
  /// larger. The first is the owner, the others follow clockwise: those on hosts not used yet come
  /// first, and a host is used again only when there is no other left.
  [[nodiscard]] std::vector<NodeId> owners(std::string_view key, std::size_t count) const;
  [[nodiscard]] std::vector<NodeId> owners_at(std::uint64_t position, std::size_t count) const;
  /// The same as indices into nodes(), without allocation. Fills `found` from the front and returns
  /// the filled part, which is shorter if there are fewer nodes.
  std::span<std::size_t> owner_indices(std::uint64_t position,
                                       std::span<std::size_t> found) const noexcept;

  /// In order of id.
  [[nodiscard]] std::span<const RingNode> nodes() const noexcept;
  [[nodiscard]] std::optional<std::size_t> index_of(NodeId id) const noexcept;
  [[nodiscard]] const RingOptions& options() const noexcept;
  /// In order of position.
  [[nodiscard]] std::span<const RingPoint> points() const noexcept;

  /// The part of the circle that a node owns, 0 to 1; 0 for a node that is not on the ring.
  /// Exact: a multiple of 2^-48.
  [[nodiscard]] double share(NodeId id) const noexcept;
  /// How far the most loaded node is above what its weight entitles it to; 1 is perfect.
  [[nodiscard]] double peak_to_mean() const noexcept;

  /// The exact ranges whose owner is another one in `next`.
  [[nodiscard]] RingMoves moved(const Ring& next) const;

  /// Throws if the id is on the ring already.
  [[nodiscard]] Ring with_node(RingNode node) const;
  /// Throws if the id is not on the ring, or is the last.
  [[nodiscard]] Ring without_node(NodeId id) const;
  /// Throws if the id is not on the ring or the weight is not finite and above zero.
  [[nodiscard]] Ring with_weight(NodeId id, double weight) const;

  /// Same nodes (weights and hosts included) and same options, hence the same answers.
  friend bool operator==(const Ring& left, const Ring& right) noexcept;

 private:
  struct Layout;
  std::shared_ptr<const Layout> layout_;
};

}  // namespace pkv
