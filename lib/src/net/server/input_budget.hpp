#pragma once

#include <cstddef>
#include <deque>
#include <functional>

namespace pkv {

/// Bounds the memory that unfinished large commands of all clients take together.
///
/// A grant is for a whole command, so that the one who has it can finish; those who find no room
/// are served in the order they came. Small commands need no grant.
///
/// Thread safety: none; lives on the I/O thread.
class InputBudget {
 public:
  explicit InputBudget(std::size_t total_bytes) : total_bytes_(total_bytes) {}

  /// Takes `bytes`, or as many as there are in all if that is less. Returns what was taken, or 0 if
  /// there is no room or somebody waits already; then `on_room` is called once there may be.
  [[nodiscard]] std::size_t acquire(std::size_t bytes, const void* who,
                                    std::function<void()> on_room);
  void release(std::size_t bytes);
  /// Forgets a wait.
  void withdraw(const void* who);

 private:
  struct Wait {
    const void* who;
    std::function<void()> on_room;
  };

  void tell_first();

  std::size_t total_bytes_;
  std::size_t used_bytes_ = 0;
  std::deque<Wait> waits_;
};

}  // namespace pkv
