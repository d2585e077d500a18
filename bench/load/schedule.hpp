#pragma once

#include "load/random.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>

namespace pkv::bench {

using Clock = std::chrono::steady_clock;

/// When the operations of an open loop are due, whatever the server does: at even intervals, or as
/// a Poisson process, whose intervals are independent as those of many unrelated users are.
///
/// Thread safety: none.
class Schedule {
 public:
  /// Requires: rate > 0, in operations per second. `phase`, from 0 to 1, moves even intervals by
  /// that part of one, so that several threads take turns.
  static Schedule even(Clock::time_point begin, double rate, double phase) {
    return Schedule(begin, rate, phase);
  }
  static Schedule poisson(Clock::time_point begin, double rate, Random random) {
    Schedule schedule(begin, rate, 0);
    schedule.is_poisson_ = true;
    schedule.random_ = random;
    schedule.position_ = schedule.interval();
    return schedule;
  }

  /// When the next operation is due.
  [[nodiscard]] Clock::time_point due() const noexcept {
    using Seconds = std::chrono::duration<double>;
    return begin_ + std::chrono::duration_cast<Clock::duration>(Seconds(position_ / rate_));
  }

  void advance() noexcept { position_ += is_poisson_ ? interval() : 1; }

 private:
  Schedule(Clock::time_point begin, double rate, double phase)
      : begin_(begin), rate_(rate), position_(phase) {}

  // Exponentially distributed, with a mean of 1.
  [[nodiscard]] double interval() noexcept { return -std::log1p(-random_.unit()); }

  Clock::time_point begin_;
  double rate_;
  double position_;  // of the next operation, in mean intervals: exact for 2^53 of them
  bool is_poisson_ = false;
  Random random_{0};
};

}  // namespace pkv::bench
