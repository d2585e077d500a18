#include "pkv/ring.hpp"

#include "base/hash.hpp"
#include "ring/placement.hpp"
#include "ring/ring_layout.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pkv {
namespace {

std::string described(NodeId id) {
  return "node " + std::to_string(to_number(id));
}

std::vector<RingNode> checked_and_sorted(std::vector<RingNode> nodes) {
  if (nodes.empty()) throw std::invalid_argument("ring: there must be at least one node");
  if (nodes.size() > Ring::max_nodes) {
    throw std::invalid_argument("ring: " + std::to_string(nodes.size()) + " nodes are more than " +
                                std::to_string(Ring::max_nodes));
  }
  std::ranges::sort(nodes, {}, &RingNode::id);
  const auto twin = std::ranges::adjacent_find(nodes, {}, &RingNode::id);
  if (twin != nodes.end())
    throw std::invalid_argument("ring: " + described(twin->id) + " is given twice");
  for (const RingNode& node : nodes) {
    if (!std::isfinite(node.weight) || node.weight <= 0.0) {
      throw std::invalid_argument("ring: the weight of " + described(node.id) + " is " +
                                  std::to_string(node.weight) +
                                  "; it must be finite and above zero");
    }
  }
  return nodes;
}

/// Numbers the hosts of the nodes from 0; nodes without a host get a number each.
std::vector<std::size_t> numbered_hosts(std::span<const RingNode> nodes) {
  std::vector<std::size_t> numbers;
  std::map<std::string_view, std::size_t> known;
  std::size_t next = 0;
  for (const RingNode& node : nodes) {
    const bool is_new = node.host.empty() || known.try_emplace(node.host, next).second;
    numbers.push_back(is_new ? next++ : known.at(node.host));
  }
  return numbers;
}

/// The part of the circle that each node owns.
///
/// Counted in cells of 2^16 positions, the grain of RingPoint: the 2^48 of them are a number that
/// neither a 64-bit integer nor a double has to round.
std::vector<double> measured_shares(const PointTable& table, std::size_t node_count) {
  std::vector<std::uint64_t> cells(node_count, 0);
  std::uint64_t first = 0;
  for (const RingPoint& point : table.arcs()) {
    const std::uint64_t end = (point.position() >> RingPoint::index_bits) + 1;
    cells[point.node_index()] += end - first;
    first = end;
  }
  std::vector<double> shares;
  shares.reserve(node_count);
  for (const std::uint64_t count : cells)
    shares.push_back(static_cast<double>(count) * 0x1p-48);
  return shares;
}

}  // namespace

Ring::Layout::Layout(std::vector<RingNode> ring_nodes, const RingOptions& ring_options)
    : options(ring_options),
      nodes(checked_and_sorted(std::move(ring_nodes))),
      table(place_points(nodes, options)),
      hosts(numbered_hosts(nodes)),
      host_count(std::ranges::max(hosts) + 1),
      shares(measured_shares(table, nodes.size())) {}

Ring::Ring(std::vector<RingNode> nodes, RingOptions options)
    : layout_(std::make_shared<const Layout>(std::move(nodes), options)) {}

std::uint64_t Ring::position(std::string_view key) noexcept {
  return hash_bytes(key);
}

NodeId Ring::owner(std::string_view key) const noexcept {
  return owner_at(position(key));
}

NodeId Ring::owner_at(std::uint64_t position) const noexcept {
  return layout_->nodes[owner_index(position)].id;
}

std::size_t Ring::owner_index(std::uint64_t position) const noexcept {
  const PointTable& table = layout_->table;
  return table.arcs()[table.find(position)].node_index();
}

std::span<const RingNode> Ring::nodes() const noexcept {
  return layout_->nodes;
}

std::optional<std::size_t> Ring::index_of(NodeId id) const noexcept {
  const auto node = std::ranges::lower_bound(layout_->nodes, id, {}, &RingNode::id);
  if (node == layout_->nodes.end() || node->id != id) return std::nullopt;
  return static_cast<std::size_t>(node - layout_->nodes.begin());
}

const RingOptions& Ring::options() const noexcept {
  return layout_->options;
}

std::span<const RingPoint> Ring::points() const noexcept {
  return layout_->table.points();
}

double Ring::share(NodeId id) const noexcept {
  const std::optional<std::size_t> index = index_of(id);
  return index ? layout_->shares[*index] : 0.0;
}

double Ring::peak_to_mean() const noexcept {
  double total_weight = 0.0;
  for (const RingNode& node : layout_->nodes)
    total_weight += node.weight;
  double peak = 0.0;
  for (std::size_t index = 0; index < layout_->nodes.size(); ++index) {
    const double fair_share = layout_->nodes[index].weight / total_weight;
    peak = std::max(peak, layout_->shares[index] / fair_share);
  }
  return peak;
}

bool operator==(const Ring& left, const Ring& right) noexcept {
  return left.layout_ == right.layout_ || (left.layout_->options == right.layout_->options &&
                                           left.layout_->nodes == right.layout_->nodes);
}

}  // namespace pkv
