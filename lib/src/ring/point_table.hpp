#pragma once

#include "pkv/ring_types.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pkv {

/// The points of a ring in order, and an index by which the one that follows a position is found in
/// a few steps.
///
/// The index divides the circle into equal buckets, one for every one or two points, and knows the
/// first point of each. What remains of the binary search is the few points inside one bucket.
///
/// Thread safety: immutable.
class PointTable {
 public:
  /// In any order. Requires: at least one point, fewer than 2^32.
  explicit PointTable(std::vector<RingPoint> points);

  /// In order of position.
  [[nodiscard]] std::span<const RingPoint> points() const noexcept {
    return {points_.data(), points_.size() - step};
  }

  /// `points()`, and one more that ends the last arc: it stands on the highest position, for the
  /// node of the first point, to which positions behind the last point belong.
  [[nodiscard]] std::span<const RingPoint> arcs() const noexcept {
    return {points_.data(), points_.size() - step + 1};
  }

  /// Index in `arcs()` of the first point at or after `position`.
  [[nodiscard]] std::size_t find(std::uint64_t position) const noexcept {
    const std::uint32_t* bucket = &bucket_starts_[position >> bucket_shift_];
    const std::size_t first = bucket[0];
    // Counts the points before the position instead of stopping at the first that is not: no
    // branch depends on the position, which no processor could predict.
    std::size_t before = 0;
    for (std::size_t i = 0; i < step; ++i)
      before += points_[first + i].position() < position ? 1U : 0U;
    if (before < step) [[likely]]
      return first + before;
    // All of them are in this bucket: those of the next are behind the position.
    const auto begin = points_.begin();
    const auto found = std::partition_point(
        begin + static_cast<std::ptrdiff_t>(first + step),
        begin + static_cast<std::ptrdiff_t>(bucket[1]),
        [position](const RingPoint& point) { return point.position() < position; });
    return static_cast<std::size_t>(found - begin);
  }

 private:
  /// Points compared at once.
  static constexpr std::size_t step = 4;

  /// Ends with `step` copies of the additional point of `arcs()`, so that any `step` points from
  /// the start of a bucket can be read.
  std::vector<RingPoint> points_;
  /// Where in `points_` each bucket begins, and one more for the end of the last.
  std::vector<std::uint32_t> bucket_starts_;
  unsigned bucket_shift_;
};

}  // namespace pkv
