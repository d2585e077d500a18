#pragma once

#include "load/tally.hpp"
#include "load/timeline.hpp"

#include <cstdint>
#include <vector>

namespace pkv::bench {

/// The figures of one second, as they are printed and filed; latencies in milliseconds.
struct SecondFigures {
  double end = 0;  ///< Seconds since the measurement began.
  std::uint64_t operations = 0;
  double operations_per_second = 0;
  double bytes_per_second = 0;
  double mean_ms = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double p999_ms = 0;
  double max_ms = 0;
  std::uint64_t errors = 0;
  std::uint64_t mismatches = 0;
};

/// The figures of an interval that began `begin` seconds after the measurement.
[[nodiscard]] SecondFigures figures_of(const Interval& interval, double begin);

/// What was measured.
struct Measurement {
  Tally tally;
  double seconds = 0;
  std::size_t threads = 1;
  std::vector<SecondFigures> by_second;

  [[nodiscard]] double per_second(std::uint64_t count) const noexcept {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
  }
  /// How busy the generator's threads were, from 0 to 1.
  [[nodiscard]] double generator_load() const noexcept {
    const double available = seconds * static_cast<double>(threads);
    return available > 0 ? std::chrono::duration<double>(tally.processor_time).count() / available
                         : 0;
  }
};

[[nodiscard]] constexpr double milliseconds(std::chrono::nanoseconds duration) noexcept {
  return static_cast<double>(duration.count()) / 1e6;
}

}  // namespace pkv::bench
