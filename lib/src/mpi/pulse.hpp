#pragma once

#include <atomic>
#include <cstdint>
#include <sys/types.h>
#include <time.h>

namespace pkv::mpi {

/// Whether the thread that does a process's work gets on: the thread counts its turns, another one
/// looks.
///
/// A thread may take long for a turn, and on a busy machine it may have to wait for a CPU or the
/// disk: all of that is getting on. Not to is to sleep or be stopped in the middle of a turn.
///
/// Thread safety: construct it and call turn() on the one thread, look() on the other.
class Pulse {
 public:
  Pulse() noexcept;
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  /// To be called at least every Waiter::longest_sleep while there is nothing to do.
  void turn() noexcept {
    // Nobody else writes it.
    turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  /// A number that is greater than at the last call if the thread has got on since.
  [[nodiscard]] std::uint64_t look() noexcept;

 private:
  [[nodiscard]] bool used_cpu() noexcept;
  [[nodiscard]] bool sleeps() const noexcept;

  std::atomic<std::uint64_t> turns_{0};
  const pid_t thread_;
  clockid_t cpu_clock_{};
  bool has_cpu_clock_ = false;

  // The looking thread.
  std::uint64_t turns_seen_ = 0;
  timespec cpu_seen_{};
  std::uint64_t got_on_ = 0;
};

}  // namespace pkv::mpi
