#pragma once

#include "pkv/log.hpp"
#include "pkv/ring.hpp"
#include "pkv/server_options.hpp"

#include "coordinator/reply_receiver.hpp"
#include "coordinator/statistics.hpp"
#include "coordinator/worker_queue.hpp"
#include "wire/operation.hpp"
#include "wire/transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <string_view>
#include <vector>

namespace pkv {

/// Puts every command into one order and sends it to the workers that own its keys.
///
/// The order is the order of calls to begin_command. Between two such calls, append() adds the
/// operations of one command to the queues of their workers; every later command is behind all of
/// them on every worker, and no earlier one is. That is all it takes for commands on several
/// workers to be atomic, and for any read to see every write ordered before it.
///
///     coordinator.begin_command();
///     coordinator.append(coordinator.worker_of(key), operation, address);   // as often as needed
///
/// Operations leave when end_turn() is called; the function given to schedule_turns_with is asked,
/// once per turn, to see to that.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: the transport must outlive it, and it must outlive all receivers.
/// Errors: a failed operation is a reply holding an errc. One that finds no memory is answered so
/// before append() returns; other parts of its command run all the same. Elsewhere lack of memory
/// throws.
class Coordinator {
 public:
  using Clock = WorkerQueue::Clock;

  struct Settings {
    std::size_t max_worker_queue_bytes;
    std::chrono::milliseconds reply_timeout;
  };

  /// `nodes[i]` is served by the transport's worker i. Requires: one node per worker, same ids as
  /// on the ring.
  Coordinator(Ring ring, std::vector<ServerNode> nodes, wire::Transport& transport,
              Settings settings, LogSink log);
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  [[nodiscard]] const Ring& ring() const noexcept { return ring_; }
  [[nodiscard]] const std::vector<ServerNode>& nodes() const noexcept { return nodes_; }
  [[nodiscard]] std::size_t worker_count() const noexcept { return queues_.size(); }
  [[nodiscard]] std::size_t worker_of(std::string_view key) const noexcept {
    return worker_of_ring_index_[ring_.owner_index(Ring::position(key))];
  }

  /// Whether the worker's queue is below its limit. A command should be begun only when all its
  /// workers have room; one operation may then go beyond the limit.
  [[nodiscard]] bool has_room(std::size_t worker) const noexcept {
    return queues_[worker].waiting_bytes() < settings_.max_worker_queue_bytes;
  }
  /// Calls receiver.on_room() once, when the worker has room again.
  void wait_for_room(std::size_t worker, ReplyReceiver& receiver);
  /// Forgets the receiver's waits, if any.
  void stop_waiting(ReplyReceiver& receiver) noexcept;

  /// Starts a command: what is appended from here on has its place in the total order.
  void begin_command() noexcept { ++sequence_; }
  void append(std::size_t worker, const wire::Operation& operation, const ReplyAddress& address) {
    try {
      queues_[worker].append(operation, sequence_, address, now_);
    } catch (const std::bad_alloc&) {
      refuse(address);
      return;
    }
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
  [[nodiscard]] Clock::time_point now() const noexcept { return now_; }
  /// Reads the clock. Call it when a turn starts.
  void update_clock() noexcept { now_ = Clock::now(); }

  [[nodiscard]] Statistics& statistics() noexcept { return statistics_; }

 private:
  static void refuse(const ReplyAddress& address);
  void request_turn_end();
  void tell_waiters();

  Ring ring_;
  std::vector<ServerNode> nodes_;
  std::vector<std::size_t> worker_of_ring_index_;
  wire::Transport& transport_;
  Settings settings_;
  LogSink log_;
  std::vector<WorkerQueue> queues_;
  std::uint64_t sequence_;
  Clock::time_point now_ = Clock::now();
  std::function<void()> schedule_turn_;
  bool turn_end_requested_ = false;
  Statistics statistics_;
  std::vector<wire::Arrival> arrivals_;

  struct RoomWait {
    std::size_t worker;
    ReplyReceiver* receiver;
  };
  std::vector<RoomWait> room_waits_;
};

}  // namespace pkv
