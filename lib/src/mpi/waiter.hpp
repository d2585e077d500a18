#pragma once

#include "mpi/settings.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace pkv::mpi {

/// Decides what a rank does after a look for messages that found nothing: look again, or sleep.
///
/// Call worked() after a look that found something and, when wants_sleep() says so after one that
/// did not, sleep(). A sleep may end for no reason. It always ends after a time in proportion to
/// how long the rank has been idle, so even a wake-up that got lost delays a message by no more
/// than its sender has been silent before, and at most by longest_sleep.
///
/// Thread safety: none; lives on the MPI thread.
class Waiter {
 public:
  static constexpr std::chrono::milliseconds longest_sleep{500};

  explicit Waiter(std::uint32_t polls_before_sleep) noexcept
      : polls_before_sleep_(polls_before_sleep) {}

  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  virtual ~Waiter() = default;

  void worked() noexcept {
    fruitless_polls_ = 0;
    idle_ = false;
  }

  /// Counts a look that found nothing. True if it is time to sleep.
  [[nodiscard]] bool wants_sleep() noexcept { return ++fruitless_polls_ > polls_before_sleep_; }

  /// Since the first sleep without work; 0 if there was none.
  [[nodiscard]] std::chrono::nanoseconds idle_time() const noexcept {
    if (!idle_) return {};
    return std::chrono::steady_clock::now() - idle_since_;
  }

  /// Sleeps until there may be a message or `doorbell` is readable. A doorbell of -1 is ignored.
  void sleep(int doorbell) noexcept;

 private:
  virtual void sleep_after(std::chrono::nanoseconds idle_time, int doorbell) noexcept = 0;

  std::uint32_t polls_before_sleep_;
  std::uint32_t fruitless_polls_ = 0;
  bool idle_ = false;
  std::chrono::steady_clock::time_point idle_since_;
};

/// The best way of waiting that `waiting` allows and this MPI offers. Requires: MPI is initialised.
[[nodiscard]] std::unique_ptr<Waiter> make_waiter(const TransportSettings& settings);

}  // namespace pkv::mpi
