#pragma once

#include "coordinator/shared_frame.hpp"
#include "coordinator/store_scans.hpp"

#include <cstdint>
#include <map>
#include <memory>

namespace pkv {

class Conversation;

/// The views of the whole store that clients read (VIEW), at most one for each.
///
/// Some pages are fetched ahead of what the client asks for, and no more than it can take.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: `coordinator` and `scans` must outlive it. A client has to be forgotten before it
/// goes.
class ClientViews {
 public:
  ClientViews(Coordinator& coordinator, StoreScans& scans);
  ClientViews(const ClientViews&) = delete;
  ClientViews& operator=(const ClientViews&) = delete;
  ~ClientViews();

  [[nodiscard]] bool has(const Conversation& client) const { return views_.contains(&client); }
  /// Opens the client's view, of what is stored at this place in the order.
  /// Requires: !has(client), and there is room for a scan.
  void open(Conversation& client);
  /// Answers the command of this ticket, now or later, with the next entries; with no entry when
  /// there are no more. Requires: has(client).
  void next(Conversation& client, std::uint32_t ticket);
  /// Gives up the views of clients that have not asked for long.
  void expire();
  /// The client wants nothing more of its view, if it has one. Commands that wait are answered.
  void forget(Conversation& client) noexcept;

 private:
  class View;

  Coordinator& coordinator_;
  StoreScans& scans_;
  std::map<const Conversation*, std::unique_ptr<View>> views_;
};

}  // namespace pkv
