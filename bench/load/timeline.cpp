#include "load/timeline.hpp"

#include <algorithm>

namespace pkv::bench {

void Interval::merge(const Interval& other) noexcept {
  latencies.merge(other.latencies);
  errors += other.errors;
  mismatches += other.mismatches;
  bytes += other.bytes;
}

void Timeline::report(std::size_t second, const Interval& interval) {
  const std::lock_guard lock(mutex_);
  while (sums_.size() <= second - first_)
    sums_.emplace_back();
  Sum& sum = sums_[second - first_];
  sum.interval.merge(interval);
  ++sum.reports;
  changed_.notify_one();
}

void Timeline::end(std::size_t reports, std::chrono::nanoseconds length) {
  const std::lock_guard lock(mutex_);
  ended_.push_back(reports);
  length_ = std::max(length_, std::chrono::duration<double>(length).count());
  changed_.notify_one();
}

bool Timeline::complete() const noexcept {
  if (sums_.empty()) return false;
  // A thread that ended early, for want of operations, has nothing to add to later seconds.
  const auto silent = std::count_if(ended_.begin(), ended_.end(),
                                    [this](std::size_t reports) { return reports <= first_; });
  return sums_.front().reports + static_cast<std::size_t>(silent) == threads_;
}

std::optional<Interval> Timeline::take(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return complete() || all_ended(); });
  if (!complete()) return std::nullopt;
  Interval interval = sums_.front().interval;
  sums_.pop_front();
  ++first_;
  if (all_ended() && sums_.empty())
    interval.seconds = std::clamp(length_ - static_cast<double>(first_ - 1), 0.001, 1.0);
  return interval;
}

bool Timeline::exhausted() {
  const std::lock_guard lock(mutex_);
  return all_ended() && sums_.empty();
}

}  // namespace pkv::bench
