#include "load/recorder.hpp"

#include <utility>

namespace pkv::bench {

void Recorder::tick(Clock::time_point now, std::uint64_t bytes) {
  while (now >= begin_ + std::chrono::seconds(second_ + 1))
    report(bytes);
}

Tally Recorder::end(Clock::time_point now, std::uint64_t bytes) {
  tick(now, bytes);
  if (now > begin_ + std::chrono::seconds(second_)) report(bytes);
  if (timeline_ != nullptr) timeline_->end(second_, now - begin_);
  return std::move(tally_);
}

void Recorder::report(std::uint64_t bytes) {
  interval_.bytes = bytes - bytes_before_;
  bytes_before_ = bytes;
  if (timeline_ != nullptr) timeline_->report(second_, interval_);
  interval_ = Interval();
  ++second_;
}

}  // namespace pkv::bench
