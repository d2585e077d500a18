#pragma once

#include "coordinator/coordinator.hpp"
#include "coordinator/reply_receiver.hpp"
#include "coordinator/shared_frame.hpp"
#include "wire/operation.hpp"
#include "wire/wire_reply.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace pkv {

/// Counts the keys of the whole store, each once, at one place in the order (DBSIZE).
///
/// Where all keys have the same number of copies, all entries are counted and divided by it;
/// otherwise each node counts those keys of which it is the first holder. When a node is lost while
/// it counts, the others are asked again, as of the same place in the order. Should no holder of
/// some keys know of that place any more, they are counted at a later place: one at which the
/// client still waited.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: the coordinator must outlive it; it must outlive all answers that it waits for.
/// Errors: answers. errc::node_down: nobody holds some of the keys any more, or nodes were lost
/// again and again, or for longer than the reply timeout.
class KeyCounts final : public ReplyReceiver {
 public:
  explicit KeyCounts(Coordinator& coordinator) : coordinator_(coordinator) {}

  /// A worker that would be asked and has no room, if there is one.
  [[nodiscard]] std::optional<std::size_t> full_worker() const noexcept;

  /// Counts at the present place in the order, and gives `client` one answer: an integer.
  void begin(const ReplyAddress& client);

  void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame& frame) override;
  void on_room() override {}

 private:
  /// A count under way.
  struct Count {
    ReplyAddress client;
    std::uint64_t sequence = 0;
    std::chrono::steady_clock::time_point started;
    unsigned rounds = 1;
    std::size_t missing = 0;
    std::uint64_t sum = 0;
    std::size_t copies = 1;  ///< Of each key in `sum`.
    bool lost_any = false;
    std::optional<errc> failure;
  };

  void ask_for_all(std::uint32_t ticket);
  void ask_for_shares(std::uint32_t ticket, const Placement::Shares& shares, bool of_the_past);
  void ask_again(std::uint32_t ticket);
  void conclude(std::uint32_t ticket);
  void answer(std::uint32_t ticket, const wire::WireReply& reply);
  void fail(std::uint32_t ticket, errc why);

  Coordinator& coordinator_;
  std::deque<Count> counts_;
  std::vector<std::uint32_t> free_;
};

}  // namespace pkv
