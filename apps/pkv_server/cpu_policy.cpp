#include "pkv_server/cpu_policy.hpp"

#include <algorithm>

namespace pkv::server {
namespace {

// A CPU without at least this much idle time is taken to be full.
constexpr double full = 0.05;
// Idle time of another CPU from which on a full one is worth leaving.
constexpr double much_idle = 0.3;
// Spread threads that leave a CPU more than this are kept busy by something else than waking.
constexpr double little_idle = 0.3;
// Spread threads that use no more than this fit on one CPU easily.
constexpr double light_use = 0.6;
// Those that use no more than this may fit, as they need less when gathered.
constexpr double use_that_may_fit = 1.3;

constexpr unsigned trial_intervals = 2;  // the first one sees the change itself
constexpr double worthwhile = 1.05;      // times the rate before
// Intervals to rest. After a success the opposite has just been found to do less.
constexpr unsigned after_success = 16;
constexpr unsigned after_first_failure = 4;
constexpr unsigned after_many_failures = 64;

double most_idle(const CpuPolicy::Sample& sample) {
  return *std::max_element(sample.idle.begin(), sample.idle.end());
}

}  // namespace

bool CpuPolicy::is_promising(const Sample& sample) const noexcept {
  if (gathered_on_) return sample.idle[*gathered_on_] < full && most_idle(sample) >= much_idle;
  return sample.used_by_us <= use_that_may_fit && most_idle(sample) < little_idle;
}

void CpuPolicy::change(std::size_t here) {
  if (gathered_on_)
    gathered_on_.reset();
  else
    gathered_on_ = here;
}

void CpuPolicy::judge(const Sample& sample, std::size_t here) {
  if (sample.work_rate >= worthwhile * rate_before_) {
    rest_ = after_success;
    failures_rest_ = 0;
    return;
  }
  change(here);
  failures_rest_ = std::clamp(2 * failures_rest_, after_first_failure, after_many_failures);
  rest_ = failures_rest_;
}

std::optional<std::size_t> CpuPolicy::next(const Sample& sample, std::size_t here) {
  if (sample.idle.empty()) return gathered_on_;
  if (!gathered_on_ && sample.used_by_us <= light_use) {
    trial_ = 0;
    change(here);
  } else if (trial_ > 0) {
    if (--trial_ == 0) judge(sample, here);
  } else if (rest_ > 0) {
    --rest_;
  } else if (is_promising(sample)) {
    rate_before_ = sample.work_rate;
    trial_ = trial_intervals;
    change(here);
  }
  return gathered_on_;
}

}  // namespace pkv::server
