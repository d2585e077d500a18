#pragma once

#include "coordinator/order_port.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace pkv {

/// Keeps copying from getting in the clients' way: how many pages may be under way at once, and how
/// many bytes a second they may carry, all transfers together.
///
///     std::optional<CopyBudget::Page> page = budget.try_start(worker, now);
///     ...
///     page->charge(bytes, now);   // when it is known how much it carries; then destroy it
///
/// The bytes of a page are known only after it was fetched. So a page may start while the account
/// is not overdrawn, and what it overdraws is waited for afterwards: the rate holds on average,
/// whatever the size of the values.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: must outlive its pages.
class CopyBudget {
 public:
  using Clock = OrderPort::Clock;

  struct Settings {
    /// 0: no limit.
    std::uint64_t bytes_per_second = 0;
    /// Under way at once, at least 1. A worker serves at most one at a time, whatever this is.
    std::size_t most_pages = 4;
    /// While it gives way to clients: from the start of one page to that of the next. A page costs
    /// a worker up to a millisecond, so this leaves the clients most of the time.
    std::chrono::microseconds page_interval{3'000};
  };

  /// The permission for one page, given back when it is destroyed.
  class Page {
   public:
    Page(Page&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), worker_(other.worker_) {}
    Page& operator=(Page&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(worker_, other.worker_);
      return *this;
    }
    ~Page() {
      if (budget_ != nullptr) budget_->end(worker_);
    }

    void charge(std::uint64_t bytes, Clock::time_point now) { budget_->charge(bytes, now); }

   private:
    friend CopyBudget;
    Page(CopyBudget& budget, std::size_t worker) noexcept : budget_(&budget), worker_(worker) {}

    CopyBudget* budget_;
    std::size_t worker_;
  };

  explicit CopyBudget(const Settings& settings);

  /// From now on pages start one after the other, a while apart; or as fast as they can again.
  void give_way(bool to_clients) noexcept { gives_way_ = to_clients; }

  /// The permission to ask `worker` for a page, or nothing: try again later.
  [[nodiscard]] std::optional<Page> try_start(std::size_t worker, Clock::time_point now);

  [[nodiscard]] std::size_t pages_under_way() const noexcept { return busy_workers_.size(); }

 private:
  void charge(std::uint64_t bytes, Clock::time_point now);
  void end(std::size_t worker) noexcept;
  void earn(Clock::time_point now) noexcept;

  Settings settings_;
  double balance_bytes_ = 0;
  std::optional<Clock::time_point> earned_until_;
  std::vector<std::size_t> busy_workers_;
  bool gives_way_ = false;
  Clock::time_point page_started_;
};

}  // namespace pkv
