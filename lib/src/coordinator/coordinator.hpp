#pragma once

#include "pkv/log.hpp"
#include "pkv/ring.hpp"
#include "pkv/server_options.hpp"

#include "coordinator/memory_shares.hpp"
#include "coordinator/order_port.hpp"
#include "coordinator/placement.hpp"
#include "coordinator/replica_replies.hpp"
#include "coordinator/reply_receiver.hpp"
#include "coordinator/statistics.hpp"
#include "coordinator/transfer_set.hpp"
#include "coordinator/worker_queue.hpp"
#include "wire/first_sequence.hpp"
#include "wire/operation.hpp"
#include "wire/transport.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pkv {

/// Puts every command into one order and sends it to the workers that hold its keys.
///
/// The order is the order of calls to begin_command. Between two such calls, append() adds the
/// operations of one command to the queues of their workers; every later command is behind all of
/// them on every worker, and no earlier one is. That is all it takes for commands on several
/// workers to be atomic, and for any read to see every write ordered before it.
///
///     const auto way = coordinator.way_of(operation);
///     coordinator.begin_command();
///     coordinator.append(way, operation, address);   // as often as needed
///
/// A write goes to every holder of its key and is answered when all that live have answered; a read
/// goes to the holder with least to do. When a holder dies, the reads that it leaves unanswered are
/// sent to another one, which answers them as of their place in the order.
///
/// Operations leave when end_turn() is called; the function given to schedule_turns_with is asked,
/// once per turn, to see to that.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: the transport must outlive it, and it must outlive all receivers.
/// Errors: a failed operation is a reply holding an errc: node_down when nobody holds its key. One
/// that finds no memory is answered so before append() returns; other parts of its command run all
/// the same. Elsewhere lack of memory throws.
class Coordinator final : public Heir, public OrderPort {
 public:
  using Clock = WorkerQueue::Clock;

  struct Settings {
    std::size_t max_worker_queue_bytes;
    std::chrono::milliseconds reply_timeout;
    /// Nodes that hold each key, 1 to max_replicas.
    std::size_t replicas = 1;
    /// A worker that does not answer in time is taken for lost, not only reported.
    bool workers_return = false;
    /// Of all nodes' entries, copies included; 0: no limit.
    std::size_t max_memory = 0;
    TransferSet::Settings copying{};
  };

  /// Where an operation goes: who holds its key.
  struct Way {
    const Route* route;

    [[nodiscard]] bool nobody_there() const noexcept { return route->holders().empty(); }
  };

  /// `nodes[i]` is served by the transport's worker i. Nodes that are not on the ring are spare.
  /// Requires: one node per worker, all ids different; those on the ring among them.
  Coordinator(Ring ring, std::vector<ServerNode> nodes, wire::Transport& transport,
              Settings settings, LogSink log);

  [[nodiscard]] const Ring& ring() const noexcept { return ring_; }
  [[nodiscard]] const std::vector<ServerNode>& nodes() const noexcept { return nodes_; }
  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] std::size_t worker_count() const noexcept { return queues_.size(); }
  [[nodiscard]] Way way_of(const wire::Operation& operation) const noexcept {
    return {&placement_.route(Ring::position(operation.key))};
  }

  /// Whether the worker's queue is below its limit. A command should be begun only when all its
  /// workers have room; one operation may then go beyond the limit.
  [[nodiscard]] bool has_room(std::size_t worker) const noexcept {
    return queues_[worker].waiting_bytes() < settings_.max_worker_queue_bytes &&
           transfers_.has_room(worker);
  }
  /// A worker that an operation would go to and that has no room, if there is one.
  [[nodiscard]] std::optional<std::size_t> full_worker(const Way& way) const noexcept {
    if (!is_single(*way.route)) [[unlikely]]
      return full_holder(*way.route);
    const std::size_t worker = way.route->holders().front();
    return has_room(worker) ? std::nullopt : std::optional(worker);
  }
  /// Whether the operations of one command fit into the memory of those that hold their keys. If
  /// not, none of them should be ordered.
  [[nodiscard]] bool has_memory_for(std::span<const wire::Operation> operations) {
    return !memory_.limited() || claim_memory(operations);
  }
  [[nodiscard]] const MemoryShares& memory() const noexcept { return memory_; }
  /// Calls receiver.on_room() once, when the worker has room again.
  void wait_for_room(std::size_t worker, ReplyReceiver& receiver);
  /// Forgets the receiver's waits, if any.
  void stop_waiting(ReplyReceiver& receiver) noexcept;

  /// Starts a command: what is appended from here on has its place in the total order.
  void begin_command() noexcept { ++sequence_; }
  /// Adds an operation on a key. `way` is that of the key, found since the last change of members.
  void append(const Way& way, const wire::Operation& operation, const ReplyAddress& address) {
    if (is_single(*way.route)) [[likely]]
      append_to(way.route->holders().front(), operation, address);
    else
      append_to_holders(*way.route, operation, address);
  }
  /// Whether an operation goes to one worker only, and there in a batch of its own. Then
  /// append_alone() does with the operation's bytes what append() does with a copy; see there.
  [[nodiscard]] bool goes_alone(const Way& way, const wire::Operation& operation) const noexcept {
    return is_single(*way.route) &&
           wire::header_bytes + wire::encoded_bytes(operation) > transport_.preferred_frame_bytes();
  }
  /// `frame_bytes`: as WorkerQueue::append_alone() wants them. Requires: goes_alone().
  void append_alone(const Way& way, ByteBuffer frame_bytes, const ReplyAddress& address);
  /// Adds an operation for one worker, whatever its key.
  void append_to(std::size_t worker, const wire::Operation& operation,
                 const ReplyAddress& address) {
    append_at(worker, operation, sequence_, address);
  }
  /// The store is emptied: tells the transfers. Append Opcode::clear to every live worker too.
  void note_clear() { transfers_.on_clear(); }

  /// Sees to it that this turn ends with end_turn(). For whoever answers a client at once: clients
  /// are told at the end of turns.
  void ensure_turn_end() {
    if (!turn_end_requested_) request_turn_end();
  }
  /// Sends what has gathered. Call it at the end of a turn of the event loop.
  void end_turn();
  /// Gives what the workers have answered to the receivers.
  void collect();
  /// Fails what has waited for its answer too long.
  void check_deadlines();

  /// Nothing is waiting or under way.
  [[nodiscard]] bool idle() const noexcept;

  /// Sets the function that has to arrange for one call of end_turn() at the end of this turn.
  void schedule_turns_with(std::function<void()> schedule) { schedule_turn_ = std::move(schedule); }

  /// The time at the start of this turn; good to the length of a turn and free to read.
  [[nodiscard]] Clock::time_point now() const noexcept override { return now_; }
  /// Reads the clock. Call it when a turn starts: all commands that are begun until the next call
  /// have the same time.
  void update_clock() noexcept {
    now_ = Clock::now();
    sequence_ = std::max(sequence_, sequence_at(steady_ms(now_) + order_ahead_ms_));
  }
  /// The time of the next command, by which its operations run: Unix time in milliseconds, and
  /// never earlier than that of a command before it.
  [[nodiscard]] std::int64_t order_time() const noexcept { return time_at(sequence_ + 1); }
  /// As if the machine's clock had been put forward.
  void put_clock_forward(std::chrono::milliseconds by) noexcept {
    order_ahead_ms_ += by.count();
    update_clock();
  }

  [[nodiscard]] Statistics& statistics() noexcept { return statistics_; }

  // For Cluster, which decides who is a member ----------------------------------------------------

  /// Told of workers that are found to be unusable: lost by the transport, silent, or no longer the
  /// same as other holders. Called at the end of a turn, not in the middle of one.
  using LossHandler = std::function<void(std::size_t worker, std::uint32_t epoch, const char* why)>;
  void on_loss(LossHandler handler) { on_loss_ = std::move(handler); }

  [[nodiscard]] Placement& placement() noexcept { return placement_; }
  [[nodiscard]] TransferSet& transfers() noexcept { return transfers_; }
  [[nodiscard]] ServerNode& node(std::size_t worker) noexcept { return nodes_[worker]; }
  [[nodiscard]] std::uint32_t epoch(std::size_t worker) const noexcept { return epochs_[worker]; }
  void set_ring(Ring ring);
  /// Nothing of the worker's former process is under way any more.
  [[nodiscard]] bool is_quiet(std::size_t worker) const noexcept { return queues_[worker].idle(); }
  /// Sends nothing to the worker any more and sees to it that what it owes is answered by others.
  /// Requires: placement() does not name it any more.
  void disconnect(std::size_t worker);
  /// Sends to the worker's next process. Requires: disconnected, and is_quiet().
  void reconnect(std::size_t worker, std::uint32_t epoch, std::string address);
  /// The worker has become a holder of something at this place in the order: of what was before,
  /// it knows nothing.
  void note_new_holder(std::size_t worker) noexcept { holder_since_[worker] = sequence_; }
  /// Whether the worker can tell what it held at this place in the order, if that is not stable.
  [[nodiscard]] bool knows_since(std::size_t worker, std::uint64_t sequence) const noexcept {
    return sequence > holder_since_[worker];
  }
  /// Everything up to this place in the order has been answered.
  [[nodiscard]] std::uint64_t stable_sequence() const noexcept;
  /// The same as of some moment in this turn: takes no time to speak of.
  [[nodiscard]] std::uint64_t settled_sequence() noexcept {
    if (!settled_is_fresh_) settled_ = std::max(settled_, stable_sequence());
    settled_is_fresh_ = true;
    return settled_;
  }
  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }

  // OrderPort
  void append(std::size_t worker, const wire::Operation& operation,
              const ReplyAddress& address) override {
    begin_command();
    append_to(worker, operation, address);
  }
  void append_at(std::size_t worker, const wire::Operation& operation, std::uint64_t sequence,
                 const ReplyAddress& address) override {
    try {
      queues_[worker].append(operation, sequence, address, now_);
    } catch (const std::bad_alloc&) {
      refuse(address, errc::out_of_memory);
      return;
    }
    ensure_turn_end();
  }
  [[nodiscard]] std::size_t waiting_bytes(std::size_t worker) const override {
    return queues_[worker].waiting_bytes();
  }

 private:
  [[nodiscard]] static bool is_single(const Route& route) noexcept {
    return route.holders().size() == 1 && !route.filling();
  }
  [[nodiscard]] static std::int64_t steady_ms(Clock::time_point time) noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  }
  void follow_wall_clock() noexcept;
  void refuse(const ReplyAddress& address, errc why);
  void request_turn_end();
  void tell_waiters();
  void inherit(std::size_t lost_worker, const wire::Operation& operation, std::uint64_t sequence,
               const ReplyAddress& address) override;
  [[nodiscard]] bool claim_memory(std::span<const wire::Operation> operations);
  [[nodiscard]] std::optional<std::size_t> full_holder(const Route& route) const noexcept;
  [[nodiscard]] std::size_t reader(const WorkerList& holders) const noexcept;
  void append_to_holders(const Route& route, const wire::Operation& operation,
                         const ReplyAddress& address);
  void suspect(std::size_t worker, std::uint32_t epoch, const char* why);
  void report_losses();
  void pace_copying();
  void deliver(wire::Arrival arrival);

  Ring ring_;
  std::vector<ServerNode> nodes_;
  wire::Transport& transport_;
  Settings settings_;
  LogSink log_;
  std::vector<WorkerQueue> queues_;
  std::vector<std::uint32_t> epochs_;
  std::vector<std::uint64_t> holder_since_;
  std::vector<double> batches_per_read_;  // of each worker, by its node's weight
  std::uint64_t sequence_;
  std::uint64_t settled_ = 0;
  bool settled_is_fresh_ = false;
  Clock::time_point now_ = Clock::now();
  /// Of the time in the order against the steady clock; never shrinks.
  std::int64_t order_ahead_ms_ = 0;
  Clock::time_point followed_then_;
  std::function<void()> schedule_turn_;
  bool turn_end_requested_ = false;
  Statistics statistics_;
  std::vector<wire::Arrival> arrivals_;
  ReplicaReplies replica_replies_;
  Placement placement_;
  TransferSet transfers_;
  MemoryShares memory_;
  std::uint64_t commands_then_ = 0;  // when it was last looked whether clients are busy
  Clock::time_point looked_then_;

  struct RoomWait {
    std::size_t worker;
    ReplyReceiver* receiver;
  };
  std::vector<RoomWait> room_waits_;

  /// A worker found unusable, not reported yet.
  struct Suspect {
    std::size_t worker;
    std::uint32_t epoch;
    const char* why;
  };
  std::vector<Suspect> suspects_;
  LossHandler on_loss_;
};

}  // namespace pkv
