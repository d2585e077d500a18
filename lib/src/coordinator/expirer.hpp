#pragma once

#include "pkv/entry.hpp"

#include "coordinator/coordinator.hpp"
#include "coordinator/reply_receiver.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace pkv {

/// Has the nodes give back the memory of entries that have expired.
///
/// An entry is gone for every client from its time of expiry on, whether or not it has been removed
/// (KVStore); so this need not be exact, and costs nothing while nothing expires. When the earliest
/// time that anything expires at has come, all nodes are asked to remove what they can in a moment,
/// and again while they say that more is due.
///
/// Call note() with every time that a command gives to a key, and when a node comes that holds
/// nobody knows what with the earliest that there is; and step() when next_step() says so.
/// Only step() begins places in the order.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: the coordinator must outlive it, and it must outlive the answers it waits for.
/// Errors: none; a node that fails is asked again.
class Expirer final : public ReplyReceiver {
 public:
  using Clock = Coordinator::Clock;

  /// Between two rounds: the first while more is due, so that clients have most of a node's time.
  static constexpr std::chrono::milliseconds shortest_pause{2};
  static constexpr std::chrono::milliseconds longest_pause{100};

  explicit Expirer(Coordinator& coordinator) : coordinator_(coordinator) {}

  /// A key may expire then.
  void note(Timestamp expires_at) noexcept {
    if (earliest_ == never || expires_at < earliest_) earliest_ = expires_at;
  }

  /// When step() has something to do; nothing while it has not, and while answers are on their way.
  [[nodiscard]] std::optional<Clock::time_point> next_step() const noexcept;
  void step();

  void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame& frame) override;
  void on_room() override {}

 private:
  Coordinator& coordinator_;
  Timestamp earliest_ = never;  ///< Nothing expires before.
  Timestamp asked_at_ = never;  ///< The time in the order of the latest round.
  Clock::time_point rests_until_{};
  std::size_t unanswered_ = 0;
};

}  // namespace pkv
