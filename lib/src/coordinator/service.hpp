#pragma once

#include "pkv/durability.hpp"
#include "pkv/limits.hpp"
#include "pkv/log.hpp"

#include "coordinator/client_views.hpp"
#include "coordinator/cluster.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/disk_waits.hpp"
#include "coordinator/expirer.hpp"
#include "coordinator/key_counts.hpp"
#include "coordinator/key_listing.hpp"
#include "coordinator/node_queries.hpp"
#include "coordinator/snapshots.hpp"
#include "coordinator/store_scans.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pkv {

/// Whoever keeps a conversation.
class ConversationOwner {
 public:
  /// There is new output, or a reason to go on after a pause.
  virtual void on_activity() = 0;

 protected:
  ~ConversationOwner() = default;
};

class Conversation;

/// What all conversations of a server share.
///
/// Thread safety: none; lives on the I/O thread. Lifetime: must outlive the conversations.
struct Service {
  Service(Coordinator& the_coordinator, Cluster& the_cluster, const Limits& the_limits,
          LogSink the_log, std::string the_bind_address)
      : coordinator(the_coordinator),
        cluster(the_cluster),
        limits(the_limits),
        log(std::move(the_log)),
        bind_address(std::move(the_bind_address)),
        key_counts(the_coordinator),
        key_listing(the_coordinator),
        node_queries(the_coordinator),
        scans(the_coordinator),
        client_views(the_coordinator, scans),
        snapshots(the_coordinator, scans, log),
        expirer(the_coordinator) {}

  Coordinator& coordinator;
  Cluster& cluster;
  const Limits& limits;
  LogSink log;
  std::string bind_address;
  KeyCounts key_counts;
  KeyListing key_listing;
  NodeQueries node_queries;
  StoreScans scans;
  ClientViews client_views;
  Snapshots snapshots;
  Expirer expirer;
  std::uint16_t port = 0;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::size_t clients = 0;  ///< Connected now.

  bool entries_last = false;                 ///< They are in files.
  Durability durability = Durability::none;  ///< The least that a write gets.
  std::uint64_t entries_rewritten = 0;       ///< See ServerOptions.
  std::chrono::milliseconds rewriting_time{0};
  std::uint64_t commands_completed = 0;
  DiskWaits disk_waits;
  /// When expire() has to be called.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_deadline() const noexcept;
  /// Ends what has waited, or gone on, too long.
  void expire();
  /// Whether a write can be made this durable.
  [[nodiscard]] bool can_give(Durability level) const noexcept {
    return entries_last || level == Durability::none;
  }
  /// What an operation has to say to get it.
  [[nodiscard]] std::uint8_t write_flags(Durability level) const noexcept {
    return level == Durability::fsync && durability < level ? wire::on_disk : std::uint8_t{0};
  }

  /// Goes on with what is read of the whole store. Call it in every turn, and every few
  /// milliseconds while reads_store().
  void step() {
    client_views.expire();
    scans.step();
    snapshots.step();
  }
  [[nodiscard]] bool reads_store() const noexcept { return scans.busy() || snapshots.busy(); }

  /// The conversations that something has happened to and whose owners have not been told; null
  /// where one has ended meanwhile.
  std::vector<Conversation*> active;
  /// Calls on_activity() of their owners. Call it when replies have been collected or a turn ended.
  /// Returns whether some were left for later, because more replies are expected soon: then call it
  /// again, at the latest after Limits::reply_delay.
  bool tell_owners();
  /// Takes a conversation that ends off the list; it may be in use.
  void forget(Conversation& conversation) noexcept;
};

}  // namespace pkv
