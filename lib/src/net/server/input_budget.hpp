#pragma once

#include <cstddef>
#include <deque>
#include <functional>

namespace pkv {

/// Bounds the memory that unfinished large commands of all clients take together.
///
/// A grant is for a whole command, as far as its size is known; a command that turns out longer
/// asks for more and keeps what it has. Those who find no room are served in the order they came.
/// When all who hold something wait, nobody would ever finish: then one of them, and no second one
/// before it has released its grant, may go beyond the total. So there is never more granted than
/// the total and one command. Small commands need no grant.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: a grant must be released, and its wait withdrawn, before it is destroyed.
class InputBudget {
 public:
  /// What one client holds. Stays at its place: its address says who waits.
  struct Grant {
    std::size_t bytes = 0;
  };

  explicit InputBudget(std::size_t total_bytes) : total_bytes_(total_bytes) {}

  /// Enlarges the grant to `bytes`. Returns false if there is no room or somebody waits already;
  /// then `on_room` is called, possibly before this returns, once it is worth asking again.
  [[nodiscard]] bool obtain(Grant& grant, std::size_t bytes, std::function<void()> on_room);
  /// Gives all of it back.
  void release(Grant& grant);
  /// Forgets a wait.
  void withdraw(const Grant& grant);

 private:
  struct Wait {
    const Grant* grant;
    std::function<void()> on_room;
  };

  [[nodiscard]] bool may_have(const Grant& grant, std::size_t more_bytes) const noexcept;
  [[nodiscard]] bool is_waiting(const Grant& grant) const noexcept;
  void tell_first();

  std::size_t total_bytes_;
  std::size_t used_bytes_ = 0;
  const Grant* overdrawn_ = nullptr;  // the one that went beyond the total
  std::deque<Wait> waits_;
};

}  // namespace pkv
