#include "base/latency_histogram.hpp"

#include <algorithm>
#include <cmath>

namespace pkv {

void LatencyHistogram::merge(const LatencyHistogram& other) noexcept {
  for (std::size_t i = 0; i < bucket_count; ++i)
    buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  largest_ = std::max(largest_, other.largest_);
}

LatencyHistogram::Duration LatencyHistogram::percentile(double percent) const noexcept {
  if (count_ == 0) return Duration::zero();
  const double share = std::clamp(percent, 0.0, 100.0) / 100.0;
  const auto rank = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    seen += buckets_[i];
    if (seen < rank) continue;
    if (i < (1U << sub_bits)) return Duration(i);
    // The inverse of index(): the upper edge of bucket i, but never more than was really seen.
    const std::size_t shift = (i >> sub_bits) - 1;
    const std::uint64_t mantissa = (i & ((1U << sub_bits) - 1)) | (1U << sub_bits);
    const std::uint64_t upper = ((mantissa + 1) << shift) - 1;
    return Duration(std::min(upper, largest_));
  }
  return largest();
}

}  // namespace pkv
