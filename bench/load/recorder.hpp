#pragma once

#include "load/operation.hpp"
#include "load/schedule.hpp"
#include "load/tally.hpp"
#include "load/timeline.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pkv::bench {

/// Counts what one thread sees during a phase, in all and second by second.
///
/// Thread safety: none, but the Timeline may be shared.
class Recorder {
 public:
  /// `timeline` may be null; else it must outlive the recorder.
  Recorder(Clock::time_point begin, Timeline* timeline) : begin_(begin), timeline_(timeline) {}

  void succeeded(Kind kind, Clock::duration latency) noexcept {
    tally_.latencies[index_of(kind)].record(latency);
    if (timeline_ != nullptr) interval_.latencies.record(latency);
  }
  void failed(std::string_view error, std::uint64_t times = 1) {
    tally_.errors.add(error, times);
    interval_.errors += times;
  }
  /// `describe` is called for the first mismatches only.
  template <class Describe>
  void mismatched(Describe&& describe) {
    ++tally_.mismatches;
    ++interval_.mismatches;
    if (tally_.samples.size() < most_samples) tally_.samples.push_back(describe());
  }
  void missing() noexcept { ++tally_.missing; }
  void answered(Clock::time_point now) noexcept { tally_.last_answer = now; }

  /// Reports the seconds that are over. `bytes` is the traffic since the phase began.
  void tick(Clock::time_point now, std::uint64_t bytes);

  /// Reports the last second. The caller may add to the tally what it alone knows.
  [[nodiscard]] Tally end(Clock::time_point now, std::uint64_t bytes);

 private:
  void report(std::uint64_t bytes);

  Clock::time_point begin_;
  Timeline* timeline_;
  Tally tally_;
  Interval interval_;
  std::size_t second_ = 0;
  std::uint64_t bytes_before_ = 0;
};

}  // namespace pkv::bench
