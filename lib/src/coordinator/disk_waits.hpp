#pragma once

#include "pkv/errc.hpp"

#include "coordinator/reply_receiver.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace pkv {

class Conversation;

/// The WAITDURABLE commands whose nodes have not all answered.
///
/// They are apart from the conversations, because one whose time has run out is answered while
/// nodes still owe theirs.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: must outlive the coordinator's answers to what was ordered with addresses from add().
class DiskWaits {
 public:
  using Clock = std::chrono::steady_clock;

  /// One command of a client, whose answer is due when `nodes` have answered, or at `deadline`.
  /// Returns where their answers go. A node that is lost meanwhile is no failure with
  /// `lost_nodes_are_left_out`. Requires: nodes > 0.
  [[nodiscard]] ReplyAddress add(Conversation& client, std::uint32_t ticket, std::size_t nodes,
                                 std::optional<Clock::time_point> deadline,
                                 bool lost_nodes_are_left_out);

  /// Answers those whose time has run out.
  void expire(Clock::time_point now);
  /// When to call expire() next.
  [[nodiscard]] std::optional<Clock::time_point> next_deadline() const noexcept;
  /// The client waits for nothing any more.
  void forget(const Conversation& client) noexcept;

 private:
  class Wait;
  struct Delete {
    void operator()(Wait* wait) const noexcept;
  };

  std::vector<std::unique_ptr<Wait, Delete>> waits_;
};

}  // namespace pkv
