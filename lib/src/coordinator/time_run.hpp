#pragma once

#include "coordinator/coordinator.hpp"
#include "protocol/command_table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pkv {

/// Records how long commands took.
///
/// Commands of one kind that were read together end together more often than not: equal times in a
/// row are recorded at once, the last of them by the destructor.
///
/// Thread safety: none; lives on the I/O thread. Lifetime: within one turn of the event loop.
class TimeRun {
 public:
  explicit TimeRun(Coordinator& coordinator) noexcept : coordinator_(coordinator) {}
  TimeRun(const TimeRun&) = delete;
  TimeRun& operator=(const TimeRun&) = delete;
  ~TimeRun() { record(); }

  void add(std::optional<CommandKind> kind, Coordinator::Clock::time_point started) noexcept {
    if (!kind) return;
    if (times_ > 0 && (*kind != kind_ || started != started_)) {
      record();
      times_ = 0;
    }
    kind_ = *kind;
    started_ = started;
    ++times_;
  }

 private:
  void record() noexcept {
    if (times_ == 0) return;
    auto& histogram = coordinator_.statistics().command_times[static_cast<std::size_t>(kind_)];
    histogram.record(coordinator_.now() - started_, times_);
  }

  Coordinator& coordinator_;
  CommandKind kind_{};
  Coordinator::Clock::time_point started_;
  std::uint64_t times_ = 0;
};

}  // namespace pkv
