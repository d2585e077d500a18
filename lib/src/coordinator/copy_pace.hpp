#pragma once

#include "coordinator/order_port.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace pkv {

/// How copying goes about it. The defaults are for real use; tests copy in smaller steps.
struct CopySettings {
  /// A page's bytes adapt between these two, so that it does not keep the workers for long.
  std::uint32_t least_page_bytes = std::uint32_t{64} << 10;
  std::uint32_t most_page_bytes = std::uint32_t{256} << 10;
  /// Entries that a worker looks at for one page: less than a millisecond's work.
  std::uint32_t most_page_entries = 4'096;
  /// A page that takes longer than this to come makes the next one smaller.
  std::chrono::milliseconds slow_page{4};
  /// Writes kept back by one transfer; beyond this, who wants to write there has to wait.
  std::size_t most_held_bytes = std::size_t{4} << 20;
  /// A worker with more than this waiting for it is asked for a page only after a while.
  std::size_t short_queue_bytes = std::size_t{64} << 10;
  /// That while. It keeps copying from standing still under load that never ends.
  std::chrono::milliseconds longest_courtesy{20};
  /// After a failure copying pauses, twice as long each time, and fails for good after so many in
  /// a row.
  std::chrono::milliseconds first_pause{50};
  std::chrono::milliseconds longest_pause{1'000};
  std::uint32_t most_failures = 8;
  /// Times that a transfer begins anew because its destination has failed.
  std::uint32_t most_starts_over = 4;
};

/// When the next step of one transfer, or of one eraser, may be taken.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: the settings must outlive it.
class CopyPace {
 public:
  using Clock = OrderPort::Clock;

  explicit CopyPace(const CopySettings& settings) : settings_(settings) {}

  /// No pause is due any more.
  [[nodiscard]] bool rested(Clock::time_point now) const noexcept { return now >= paused_until_; }

  /// Whether a page may be asked for although so many bytes wait for the worker. When the answer is
  /// no, ask again: it is yes in the end.
  [[nodiscard]] bool lets_pass(std::size_t waiting_bytes, Clock::time_point now) noexcept;
  /// A page has been asked for.
  void begun() noexcept { courteous_since_.reset(); }

  /// Begins a pause. Returns false when there were too many failures in a row.
  [[nodiscard]] bool failed(Clock::time_point now) noexcept;
  void succeeded() noexcept { failures_ = 0; }
  /// Forgets failures and pause.
  void restart() noexcept;

 private:
  const CopySettings& settings_;
  std::uint32_t failures_ = 0;
  Clock::time_point paused_until_{};
  std::optional<Clock::time_point> courteous_since_;
};

}  // namespace pkv
