#include "ring/point_table.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>
#include <utility>

namespace pkv {

PointTable::PointTable(std::vector<RingPoint> points) : points_(std::move(points)) {
  assert(!points_.empty() && points_.size() < std::numeric_limits<std::uint32_t>::max());
  std::sort(points_.begin(), points_.end());

  // At least two buckets: a shift by all 64 bits would be undefined.
  const std::size_t bucket_count = std::max<std::size_t>(std::bit_floor(points_.size()), 2);
  bucket_shift_ = 64U - static_cast<unsigned>(std::countr_zero(bucket_count));
  bucket_starts_.reserve(bucket_count + 1);
  std::uint32_t next = 0;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    while (next < points_.size() && points_[next].position() >> bucket_shift_ < bucket)
      ++next;
    bucket_starts_.push_back(next);
  }
  bucket_starts_.push_back(static_cast<std::uint32_t>(points_.size()));

  const RingPoint end(std::numeric_limits<std::uint64_t>::max(), points_.front().node_index());
  points_.insert(points_.end(), step, end);
}

}  // namespace pkv
