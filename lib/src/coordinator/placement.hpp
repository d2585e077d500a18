#pragma once

#include "pkv/ring.hpp"

#include "coordinator/placement_change.hpp"
#include "coordinator/route.hpp"
#include "coordinator/route_table.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <vector>

namespace pkv {

/// Which workers ought to hold an arc: those of the first `replicas` owners on the ring.
struct PlacementGoal {
  Ring ring;
  std::size_t replicas = 1;                       ///< 1 to max_replicas.
  std::vector<WorkerIndex> worker_of_ring_index;  ///< Of each of ring.nodes(), all different.
};

/// Which workers hold which arcs of the ring, and what has to be copied to bring that to its goal.
///
/// The owners of an arc on the goal's ring are its *targets*. Events change who lives and who the
/// targets are; every arc then follows the same rules:
///  - a live target that is no holder is filled from a holder, by a transfer, and is one when the
///    transfer is complete;
///  - an arc keeps at most as many holders as it has targets: a target that becomes one takes the
///    place of a holder that is no target, whose entries are dropped;
///  - an arc without a living holder goes to a destination of its fills, incomplete: the one that
///    has lived longest, so that it is the same in all arcs; or else to any live targets, empty;
///  - a worker whose entries are being erased is given nothing until that is done.
/// So at every time a live worker has just the entries that it holds, is being filled with, or
/// erases.
///
/// Where somebody else has to agree before holders are exchanged, hold() keeps those that there are
/// until release() or stop_holding(), and nobody becomes one: what a transfer has brought waits,
/// and is kept up to date as before. An arc whose holders all die meanwhile has none until then.
///
/// Each event returns what has to be done about it; complete() and erased() report back.
///
/// Thread safety: none; lives on the I/O thread. References to routes are good until the next
/// event; the table of positions is only rebuilt by retarget(), others rewrite routes in place.
/// Errors: std::invalid_argument for an impossible goal, and nothing has changed. Lack of memory
/// throws std::bad_alloc and leaves a placement that must not be used any further.
class Placement {
 public:
  /// All workers live and nothing is stored, so targets are holders at once.
  Placement(const PlacementGoal& goal, std::size_t worker_count);

  /// What to do with a key at Ring::position(key).
  [[nodiscard]] const Route& route(std::uint64_t position) const noexcept {
    return table_.find(position);
  }
  /// All routes there are. Some may be equal.
  [[nodiscard]] std::span<const Route> routes() const noexcept { return table_.routes(); }
  /// Of one of these, by its number: the workers that shall hold it, in the order of the ring.
  [[nodiscard]] const WorkerList& targets(std::size_t route) const noexcept {
    return table_.targets(route);
  }

  /// The worker's process has died, and with it what it stored. Nothing if it was dead already.
  [[nodiscard]] PlacementChange lose(WorkerIndex worker);
  /// An empty process serves the worker again. Nothing if it lives already.
  [[nodiscard]] PlacementChange revive(WorkerIndex worker);
  /// The copies of an arc may differ: leaves each arc one holder, so that the others are filled
  /// from it. One of those that are named only if there is no other, and then the last of them.
  [[nodiscard]] PlacementChange keep_one_copy(std::span<const WorkerIndex> least_trusted_first);
  /// The ring has changed, or the number of replicas.
  [[nodiscard]] PlacementChange retarget(const PlacementGoal& goal);
  /// The transfer's destination has all entries. Nothing for a transfer that has ended.
  [[nodiscard]] PlacementChange complete(std::uint32_t transfer);
  /// A drop has been carried out. Nothing if its worker has died meanwhile.
  [[nodiscard]] PlacementChange erased(std::uint32_t drop);

  /// From here on no living holder is replaced by another, or let go, nor added to.
  void hold() noexcept { holding_ = true; }
  /// Whether the transfer is complete and waits for the end of hold().
  [[nodiscard]] bool waits(std::uint32_t transfer) const { return waiting_.contains(transfer); }
  [[nodiscard]] const std::set<std::uint32_t>& waiting() const noexcept { return waiting_; }
  /// Whether release() makes all targets holders: nothing remains to be copied.
  [[nodiscard]] bool can_release() const noexcept { return can_release_; }
  /// Ends hold(): the transfers that wait are complete. Requires: can_release().
  [[nodiscard]] PlacementChange release();
  /// Ends hold() where nothing is to be exchanged; transfers that wait are to be completed again.
  /// To be followed by retarget(), to the goal of when it began.
  void stop_holding() noexcept;

  /// The worker may have entries that it does not hold, and is not being filled with: they are to
  /// be erased. Nothing if it is dead.
  [[nodiscard]] PlacementChange drop_unheld(WorkerIndex worker);

  /// What retarget(goal) would start if also the workers `revived` lived.
  [[nodiscard]] PlacementForecast forecast(const PlacementGoal& goal,
                                           std::span<const WorkerIndex> revived = {}) const;

  /// Rises with every event that may have changed who holds what. Never 0.
  [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }
  [[nodiscard]] bool lives(WorkerIndex worker) const noexcept { return live_[worker]; }
  /// How many copies there are of every key, and nothing else: the number of all entries is that
  /// many times the number of keys. 0 while keys differ in that, or there are unfinished copies.
  [[nodiscard]] std::size_t degree() const noexcept { return degree_; }
  /// Whether the worker is no holder of something that it ought to hold: it is being filled, or
  /// will be when its former entries are erased.
  [[nodiscard]] bool lacks_something(WorkerIndex worker) const noexcept { return lacking_[worker]; }
  /// The part of the circle that nobody holds, 0 to 1.
  [[nodiscard]] double unheld_share() const noexcept;
  /// The part of the circle that the worker holds, 0 to 1.
  [[nodiscard]] double held_share(WorkerIndex worker) const noexcept;

  /// Held arcs, shared out among those of their holders that somebody found fit.
  struct Shares {
    std::vector<std::vector<RingRange>> of_worker;  ///< Over all workers, every such key once.
    bool complete = true;                           ///< All arcs are among them.
  };
  /// Gives each arc to the first of its holders that is fit.
  [[nodiscard]] Shares shares(const std::function<bool(WorkerIndex)>& is_fit) const;

 private:
  class Settlement;

  [[nodiscard]] PlacementChange settle_targets(WorkerIndex worker);
  void measure();
  [[nodiscard]] std::size_t measured_degree() const noexcept;
  [[nodiscard]] bool is_settled_but_for_release(std::size_t route) const;

  RouteTable table_;
  std::vector<bool> live_;
  std::vector<std::uint64_t> lives_since_;      ///< What changes() was then.
  std::map<std::uint32_t, WorkerIndex> drops_;  ///< To be erased, and where.
  std::uint32_t next_id_ = 1;
  std::uint64_t changes_ = 0;
  std::size_t degree_ = 0;
  std::vector<bool> lacking_;
  bool holding_ = false;
  std::set<std::uint32_t> waiting_;  ///< Complete transfers, while holding.
  bool can_release_ = true;
};

}  // namespace pkv
