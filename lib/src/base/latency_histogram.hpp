#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pkv {

/// Counts durations in buckets whose width is 1/32 of their value, so that any percentile is known
/// to about 3 % in constant memory (the layout of Gil Tene's HdrHistogram).
///
/// Covers 1 ns to about 18 minutes; longer durations count as the longest.
/// Thread safety: none.
class LatencyHistogram {
 public:
  using Duration = std::chrono::nanoseconds;

  void record(Duration duration, std::uint64_t times = 1) noexcept {
    const std::uint64_t value =
        duration.count() < 0 ? 0 : static_cast<std::uint64_t>(duration.count());
    buckets_[index(value)] += times;
    count_ += times;
    sum_ += value * times;
    if (value > largest_) largest_ = value;
  }

  void merge(const LatencyHistogram& other) noexcept;
  void reset() noexcept { *this = LatencyHistogram(); }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] Duration total() const noexcept { return Duration(sum_); }
  [[nodiscard]] Duration largest() const noexcept { return Duration(largest_); }
  /// Zero when nothing was recorded.
  [[nodiscard]] Duration mean() const noexcept { return Duration(count_ == 0 ? 0 : sum_ / count_); }

  /// The duration that `percent` (0 to 100) of the recorded ones do not exceed; zero when empty.
  [[nodiscard]] Duration percentile(double percent) const noexcept;

 private:
  static constexpr unsigned sub_bits = 5;
  static constexpr unsigned value_bits = 40;
  static constexpr std::size_t bucket_count = (value_bits - sub_bits + 1) << sub_bits;

  static std::size_t index(std::uint64_t value) noexcept {
    constexpr std::uint64_t largest_value = (std::uint64_t{1} << value_bits) - 1;
    if (value > largest_value) value = largest_value;
    if (value < (1U << sub_bits)) return static_cast<std::size_t>(value);
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - sub_bits - 1;
    return (std::size_t{shift} << sub_bits) + static_cast<std::size_t>(value >> shift);
  }

  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace pkv
