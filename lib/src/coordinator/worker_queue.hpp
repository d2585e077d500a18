#pragma once

#include "pkv/node_id.hpp"

#include "coordinator/reply_receiver.hpp"
#include "wire/operation.hpp"
#include "wire/transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace pkv {

/// Takes care of the operations that a lost worker leaves unanswered.
class Heir {
 public:
  /// Sees to it that the address gets an answer, which may be an error. `sequence` is the
  /// operation's place in the order. The operation's views live during the call only.
  virtual void inherit(std::size_t lost_worker, const wire::Operation& operation,
                       std::uint64_t sequence, const ReplyAddress& address) = 0;

 protected:
  ~Heir() = default;
};

/// The operations on their way to one worker and the addresses that their answers go to.
///
/// Operations gather in an open batch. A batch is sent when the turn of the event loop ends and the
/// worker has a free slot; until then it grows, up to a frame's preferred size, so that the busier
/// a worker is, the more operations share one message. Where messages are dear a small batch waits
/// also for the answers to those before it. Batches run in the order they were opened.
/// What one command writes stays in one batch, as far as a frame can hold it: a node that keeps its
/// entries commits a batch as a whole.
///
/// When the worker's process is lost, call lose(): what has not been sent goes to the heir at once,
/// what has been sent follows as its failures are delivered. Then revive() starts anew with another
/// process.
///
/// Thread safety: none; lives on the coordinator's thread.
/// Lifetime: the transport, the heir and all receivers with answers outstanding must outlive it.
class WorkerQueue {
 public:
  using Clock = std::chrono::steady_clock;

  /// Without an heir, what a lost worker leaves behind is answered with errc::node_down.
  WorkerQueue(wire::Transport& transport, std::size_t worker, NodeId node, std::uint32_t epoch,
              Heir* heir = nullptr);
  WorkerQueue(WorkerQueue&&) = default;  // so that a vector takes it; never moved while in use

  /// Adds an operation with the given place in the total order, which may be below that of the last
  /// one. Throws std::bad_alloc; then nothing was added.
  void append(const wire::Operation& operation, std::uint64_t sequence, const ReplyAddress& address,
              Clock::time_point now);

  /// Adds an operation in a batch of its own: `frame_bytes` is room for a frame's header and behind
  /// it the operation, encoded with the sequence_offset 0. For operations that no batch has room
  /// for. Throws as append().
  void append_alone(ByteBuffer frame_bytes, std::uint64_t sequence, const ReplyAddress& address,
                    Clock::time_point now);

  /// Hands waiting batches to the transport while there are free slots, and as long as they are
  /// worth it. Returns how many. Call it again when the worker has answered.
  /// `stable` is FrameHeader::stable.
  std::size_t send(std::uint64_t stable = 0);

  /// What became of an arrival.
  struct Answered {
    std::size_t replies = 0;
    Clock::time_point opened;  ///< When the batch of these operations was opened.
    bool malformed = false;    ///< The frame did not answer what was asked; the rest got errors.
  };
  /// Gives the replies in `arrival` to their receivers. Frees the slot with the last frame.
  Answered deliver(wire::Arrival arrival);

  /// Answers everything that has waited since before `before` with worker_timeout. Batches not sent
  /// yet are dropped, so their operations never run; those of sent ones may have run or still will.
  /// Returns how many operations were given up.
  std::size_t give_up(Clock::time_point before);

  /// Whether something has waited for its answer since before `before`.
  [[nodiscard]] bool overdue(Clock::time_point before) const noexcept;

  /// The worker's process is gone: gives the batches not sent yet to the heir. Nothing may be
  /// appended until revive().
  void lose();
  /// Serves another process of the worker. Requires: lost, and idle.
  void revive(std::uint32_t epoch) noexcept;

  /// No operation that is waiting or under way has a place in the order below this; the greatest
  /// number if there is none.
  [[nodiscard]] std::uint64_t oldest_sequence() const noexcept;
  /// Operations waiting or under way.
  [[nodiscard]] std::size_t load() const noexcept { return load_; }

  /// Bytes that wait for a free slot.
  [[nodiscard]] std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }
  /// Bytes of operations that are waiting or under way, those of a batch until all of it is
  /// answered.
  [[nodiscard]] std::size_t unanswered_bytes() const noexcept {
    return waiting_bytes_ + sent_bytes_;
  }
  [[nodiscard]] bool has_waiting() const noexcept { return !waiting_.empty(); }
  /// Nothing waiting and nothing under way.
  [[nodiscard]] bool idle() const noexcept { return waiting_.empty() && busy_slots_ == 0; }

 private:
  struct Batch {
    wire::Frame frame;
    std::vector<ReplyAddress> addresses;
    std::uint64_t newest = 0;  ///< The place of its last operation.
    Clock::time_point opened;
  };
  struct Slot {
    std::vector<ReplyAddress> addresses;
    std::size_t answered = 0;
    std::uint64_t sequence = 0;  ///< Of the batch's header.
    std::size_t bytes = 0;       ///< Of its operations.
    Clock::time_point opened;
    bool busy = false;
    bool given_up = false;  ///< The receivers have their errors; late replies are dropped.
  };

  [[nodiscard]] bool fits(const wire::Operation& operation, std::size_t bytes,
                          std::uint64_t sequence) const noexcept;
  Batch& open_batch(wire::Frame frame, std::uint64_t sequence, Clock::time_point now);
  [[nodiscard]] bool may_send() const noexcept;
  [[nodiscard]] Batch take_oldest();
  void fail(std::vector<ReplyAddress>& addresses, std::size_t from, errc error);
  void bequeath(const wire::Frame& request, std::vector<ReplyAddress>& addresses, std::size_t from);
  void release(Slot& slot);

  wire::Transport& transport_;
  std::size_t worker_;
  NodeId node_;
  std::uint32_t epoch_;
  Heir* heir_;
  std::size_t load_ = 0;
  std::size_t preferred_frame_bytes_;
  std::deque<Batch> waiting_;
  Batch* open_ = nullptr;  // the last of waiting_, if there is one
  std::size_t waiting_bytes_ = 0;
  std::size_t sent_bytes_ = 0;
  std::vector<Slot> slots_;
  std::uint32_t next_slot_ = 0;
  std::size_t busy_slots_ = 0;
  std::vector<std::vector<ReplyAddress>> spare_addresses_;
};

}  // namespace pkv
