#include "coordinator/copy_budget.hpp"

#include <algorithm>
#include <cassert>

namespace pkv {
namespace {

// What may be saved while nothing is copied: this long of the rate, so that a pause is not followed
// by a burst.
constexpr std::chrono::milliseconds longest_saving{20};

}  // namespace

CopyBudget::CopyBudget(const Settings& settings) : settings_(settings) {
  assert(settings_.most_pages > 0);
  busy_workers_.reserve(settings_.most_pages);  // so that nothing here needs memory later
}

std::optional<CopyBudget::Page> CopyBudget::try_start(std::size_t worker, Clock::time_point now) {
  if (busy_workers_.size() >= settings_.most_pages) return std::nullopt;
  if (std::ranges::find(busy_workers_, worker) != busy_workers_.end()) return std::nullopt;
  earn(now);
  if (balance_bytes_ < 0) return std::nullopt;
  if (gives_way_ && now - page_started_ < settings_.page_interval) return std::nullopt;
  page_started_ = now;
  busy_workers_.push_back(worker);
  return Page(*this, worker);
}

void CopyBudget::charge(std::uint64_t bytes, Clock::time_point now) {
  if (settings_.bytes_per_second == 0) return;
  earn(now);
  balance_bytes_ -= static_cast<double>(bytes);
}

void CopyBudget::end(std::size_t worker) noexcept {
  const auto at = std::ranges::find(busy_workers_, worker);
  assert(at != busy_workers_.end());
  *at = busy_workers_.back();
  busy_workers_.pop_back();
}

void CopyBudget::earn(Clock::time_point now) noexcept {
  if (settings_.bytes_per_second == 0) return;
  using Seconds = std::chrono::duration<double>;
  const auto rate = static_cast<double>(settings_.bytes_per_second);
  if (earned_until_) balance_bytes_ += rate * Seconds(now - *earned_until_).count();
  earned_until_ = now;
  balance_bytes_ = std::min(balance_bytes_, rate * Seconds(longest_saving).count());
}

}  // namespace pkv
