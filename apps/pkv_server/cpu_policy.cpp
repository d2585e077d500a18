#include "pkv_server/cpu_policy.hpp"

#include <algorithm>

namespace pkv::server {
namespace {

// A CPU without at least this much idle time is taken to be full.
constexpr double full = 0.05;
// An idle CPU is worth going to from here on.
constexpr double much_idle = 0.5;
// Nothing is lost by leaving a CPU that has less than this.
constexpr double little_idle = 0.25;
// Spread threads that use no more than this fit on one CPU easily.
constexpr double light_use = 0.6;
// Those that use no more than this may fit, as they need less when gathered.
constexpr double use_that_may_fit = 1.25;

constexpr unsigned soon = 20;           // a change undone within so many intervals was a mistake
constexpr unsigned most_patience = 64;  // intervals

}  // namespace

bool CpuPolicy::wants_change(const Sample& sample) const noexcept {
  const double most_idle = *std::max_element(sample.idle.begin(), sample.idle.end());
  if (gathered_on_) return sample.idle[*gathered_on_] < full && most_idle >= much_idle;
  return sample.used_by_us <= light_use ||
         (sample.used_by_us <= use_that_may_fit && most_idle < little_idle);
}

std::optional<std::size_t> CpuPolicy::next(const Sample& sample, std::size_t here) {
  ++since_change_;
  if (since_change_ <= patience_ || sample.idle.empty() || !wants_change(sample))
    return gathered_on_;
  patience_ = since_change_ - patience_ <= soon ? std::min(2 * patience_ + 1, most_patience) : 0;
  since_change_ = 0;
  if (gathered_on_)
    gathered_on_.reset();
  else
    gathered_on_ = here;
  return gathered_on_;
}

}  // namespace pkv::server
