#include "pkv/ring.hpp"

#include "ring/ring_layout.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace pkv {
namespace {

/// Collects moved arcs, given in order of position.
class MoveList {
 public:
  void add(const RingMove& move) {
    cells_ += ((move.last - move.first) >> RingPoint::index_bits) + 1;
    if (!ranges_.empty()) {
      RingMove& before = ranges_.back();
      if (before.last + 1 == move.first && before.from == move.from && before.to == move.to) {
        before.last = move.last;
        return;
      }
    }
    ranges_.push_back(move);
  }

  RingMoves finish() && {
    return RingMoves{std::move(ranges_), static_cast<double>(cells_) * 0x1p-48};
  }

 private:
  std::vector<RingMove> ranges_;
  std::uint64_t cells_ = 0;
};

std::size_t index_or_throw(const Ring& ring, NodeId id) {
  const std::optional<std::size_t> index = ring.index_of(id);
  if (!index) {
    throw std::invalid_argument("ring: node " + std::to_string(to_number(id)) +
                                " is not on the ring");
  }
  return *index;
}

}  // namespace

RingMoves Ring::moved(const Ring& next) const {
  const std::span<const RingPoint> old_arcs = layout_->table.arcs();
  const std::span<const RingPoint> new_arcs = next.layout_->table.arcs();
  MoveList moves;

  // Cuts the circle wherever either ring has a point; both lists end at the highest position.
  std::uint64_t first = 0;
  auto old_arc = old_arcs.begin();
  auto new_arc = new_arcs.begin();
  while (old_arc != old_arcs.end() && new_arc != new_arcs.end()) {
    const std::uint64_t last = std::min(old_arc->position(), new_arc->position());
    const NodeId from = layout_->nodes[old_arc->node_index()].id;
    const NodeId to = next.layout_->nodes[new_arc->node_index()].id;
    if (from != to) moves.add({first, last, from, to});
    // Of points at one position only the first owns anything: the others are passed over.
    while (old_arc != old_arcs.end() && old_arc->position() == last)
      ++old_arc;
    while (new_arc != new_arcs.end() && new_arc->position() == last)
      ++new_arc;
    first = last + 1;
  }
  return std::move(moves).finish();
}

Ring Ring::with_node(RingNode node) const {
  std::vector<RingNode> nodes = layout_->nodes;
  nodes.push_back(std::move(node));
  return Ring(std::move(nodes), layout_->options);
}

Ring Ring::without_node(NodeId id) const {
  const std::size_t index = index_or_throw(*this, id);
  std::vector<RingNode> nodes = layout_->nodes;
  nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(index));
  return Ring(std::move(nodes), layout_->options);
}

Ring Ring::with_weight(NodeId id, double weight) const {
  const std::size_t index = index_or_throw(*this, id);
  std::vector<RingNode> nodes = layout_->nodes;
  nodes[index].weight = weight;
  return Ring(std::move(nodes), layout_->options);
}

}  // namespace pkv
