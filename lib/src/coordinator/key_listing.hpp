#pragma once

#include "coordinator/coordinator.hpp"
#include "coordinator/reply_receiver.hpp"
#include "coordinator/ring_range.hpp"
#include "coordinator/shared_frame.hpp"
#include "wire/listing.hpp"
#include "wire/operation.hpp"
#include "wire/wire_reply.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pkv {

class Conversation;

/// Lists the keys of the whole store a page at a time, by rising scan position (SCAN).
///
/// Scan positions are the same on every node. So a page is what the nodes have between two
/// positions, each in the ranges of which it is the first holder, at the page's own place in the
/// order; where the next one begins says all about how far a walk has come. Nothing is kept for
/// it, and whoever holds what in between does not matter: a key that is there all the time is on
/// exactly one page of a walk.
///
/// Each node looks at its share of as many entries as are wanted. The page ends where the first of
/// them has stopped; what others have found behind that is dropped. The nodes' ranges are sent only
/// when they have changed. If a node is lost, the page is made anew, at a later place.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: the coordinator must outlive it; it must outlive all answers that it waits for, and so
/// must the clients.
/// Errors: answers. errc::node_down: nobody holds some keys any more, or nodes were lost again and
/// again, or for longer than the reply timeout; else what a node answers.
class KeyListing final : public ReplyReceiver {
 public:
  /// Which page.
  struct Request {
    std::uint64_t from = 0;   ///< The scan position to begin with, before wire::scan_end.
    std::uint32_t count = 0;  ///< Entries to be looked at, about.
    std::string pattern;      ///< See GlobPattern.
  };

  explicit KeyListing(Coordinator& coordinator) : coordinator_(coordinator) {}

  /// Makes a page at the present place in the order, and finishes the client's command of this
  /// ticket with it as SCAN answers: where to go on, or 0 at the end, and the keys.
  void begin(Conversation& client, std::uint32_t client_ticket, Request request);

  void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame& frame) override;
  void on_room() override {}

 private:
  /// What one node has found.
  struct Found {
    wire::KeyPageReader keys;
    SharedFrame frame;
  };
  /// A page under way.
  struct Listing {
    Conversation* client = nullptr;
    std::uint32_t client_ticket = 0;
    Request request;
    std::chrono::steady_clock::time_point started;
    unsigned rounds = 1;
    std::size_t missing = 0;
    std::vector<Found> found{};
    bool lost_any = false;
    std::optional<errc> failure{};
  };
  /// What a worker answers for.
  struct Share {
    std::vector<RingRange> ranges;
    double of_all = 0;
  };

  void find_shares();
  void ask(std::uint32_t ticket);
  void tell_share(std::size_t worker);
  void define_ranges(std::size_t worker, std::uint32_t set, std::span<const RingRange> ranges);
  [[nodiscard]] bool take(Listing& listing, const wire::WireReply& reply, const SharedFrame& frame);
  void conclude(std::uint32_t ticket);
  void answer(std::uint32_t ticket, std::string encoded);
  void fail(std::uint32_t ticket, errc why);

  Coordinator& coordinator_;
  std::vector<Share> shares_;  // by worker
  bool shares_complete_ = false;
  std::uint64_t shares_of_change_ = 0;  // see Placement::changes
  std::uint32_t set_ = 0;               // the number of the shares' sets of ranges
  std::vector<std::uint32_t> told_;     // the set that each worker has been told last; 0: none
  std::deque<Listing> listings_;
  std::vector<std::uint32_t> free_;
};

}  // namespace pkv
