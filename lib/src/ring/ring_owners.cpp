#include "pkv/ring.hpp"

#include "ring/ring_layout.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pkv {
namespace {

/// The nodes met on a walk along the circle, in one span: from its front those on hosts of their
/// own, from its back those on hosts met before, which are wanted only if the former run out.
class Preference {
 public:
  Preference(std::span<std::size_t> places, std::span<const std::size_t> hosts) noexcept
      : places_(places), hosts_(hosts) {}

  [[nodiscard]] bool full() const noexcept { return preferred_ + spare_ == places_.size(); }

  [[nodiscard]] std::size_t preferred_count() const noexcept { return preferred_; }

  void meet(std::size_t node) noexcept {
    const std::span<std::size_t> preferred = places_.first(preferred_);
    const auto host_of = [this](std::size_t other) { return hosts_[other]; };
    if (std::ranges::find(preferred, hosts_[node], host_of) == preferred.end()) {
      if (full()) --spare_;  // the last spare one gives up its place
      places_[preferred_++] = node;
    } else if (!full() && !contains(node)) {
      places_[places_.size() - ++spare_] = node;
    }
  }

  /// Puts the spare ones behind the preferred ones, in the order in which they were met.
  /// Requires: full().
  void finish() noexcept { std::ranges::reverse(places_.last(spare_)); }

 private:
  [[nodiscard]] bool contains(std::size_t node) const noexcept {
    const auto in = [node](std::span<const std::size_t> part) {
      return std::ranges::find(part, node) != part.end();
    };
    return in(places_.first(preferred_)) || in(places_.last(spare_));
  }

  std::span<std::size_t> places_;
  std::span<const std::size_t> hosts_;
  std::size_t preferred_ = 0;
  std::size_t spare_ = 0;
};

}  // namespace

std::span<std::size_t> Ring::owner_indices(std::uint64_t position,
                                           std::span<std::size_t> found) const noexcept {
  const std::span<std::size_t> places = found.first(std::min(found.size(), layout_->nodes.size()));
  const std::size_t most_preferred = std::min(places.size(), layout_->host_count);
  const std::span<const RingPoint> points = layout_->table.points();

  // Ends: every node has a point, so one turn meets them all.
  Preference preference(places, layout_->hosts);
  std::size_t point = layout_->table.find(position);
  while (!preference.full() || preference.preferred_count() < most_preferred) {
    if (point >= points.size()) point = 0;
    preference.meet(points[point].node_index());
    ++point;
  }
  preference.finish();
  return places;
}

std::vector<NodeId> Ring::owners_at(std::uint64_t position, std::size_t count) const {
  std::vector<std::size_t> indices(std::min(count, layout_->nodes.size()));
  std::vector<NodeId> ids;
  ids.reserve(indices.size());
  for (const std::size_t index : owner_indices(position, indices))
    ids.push_back(layout_->nodes[index].id);
  return ids;
}

std::vector<NodeId> Ring::owners(std::string_view key, std::size_t count) const {
  return owners_at(position(key), count);
}

}  // namespace pkv
