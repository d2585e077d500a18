#pragma once

#include "base/latency_histogram.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

namespace pkv::bench {

/// What happened within one second.
struct Interval {
  LatencyHistogram latencies;
  std::uint64_t errors = 0;
  std::uint64_t mismatches = 0;
  std::uint64_t bytes = 0;  ///< Sent and received.
  double seconds = 1;       ///< Less for the last one.

  void merge(const Interval& other) noexcept;
};

/// Puts together what the threads of a generator report of each second.
///
/// Each thread reports its intervals in turn, second by second, and then that it has ended; one
/// other thread takes the sums as they become complete.
///
/// Thread safety: all functions may be called from any thread.
class Timeline {
 public:
  explicit Timeline(std::size_t threads) : threads_(threads) {}

  /// Interval number `second` of one thread; the thread's next one has the next number.
  void report(std::size_t second, const Interval& interval);

  /// One thread has ended: it reported so many intervals, and took that long.
  void end(std::size_t reports, std::chrono::nanoseconds length);

  /// The sum of the next interval. Nothing when it has not become complete within `patience`, or
  /// will not, because all threads have ended.
  [[nodiscard]] std::optional<Interval> take(std::chrono::milliseconds patience);

  /// Whether take() has returned all there is.
  [[nodiscard]] bool exhausted();

 private:
  struct Sum {
    Interval interval;
    std::size_t reports = 0;
  };

  [[nodiscard]] bool complete() const noexcept;
  [[nodiscard]] bool all_ended() const noexcept { return ended_.size() == threads_; }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t threads_;
  std::vector<std::size_t> ended_;  // the numbers of reports of the threads that have ended
  std::deque<Sum> sums_;            // from second first_ on
  std::size_t first_ = 0;
  double length_ = 0;  // of the phase, in seconds, as far as threads have ended
};

}  // namespace pkv::bench
