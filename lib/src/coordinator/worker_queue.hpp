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

/// The operations on their way to one worker and the addresses that their answers go to.
///
/// Operations gather in an open batch. A batch is sent when the turn of the event loop ends and the
/// worker has a free slot; until then it grows, up to a frame's preferred size, so that the busier
/// a worker is, the more operations share one message. Batches run in the order they were opened.
///
/// Thread safety: none; lives on the coordinator's thread.
/// Lifetime: the transport and all receivers with answers outstanding must outlive it.
class WorkerQueue {
 public:
  using Clock = std::chrono::steady_clock;

  WorkerQueue(wire::Transport& transport, std::size_t worker, NodeId node, std::uint32_t epoch);
  WorkerQueue(WorkerQueue&&) = default;  // so that a vector takes it; never moved while in use

  /// Adds an operation with the given place in the total order. Throws std::bad_alloc; then nothing
  /// was added.
  void append(const wire::Operation& operation, std::uint64_t sequence, const ReplyAddress& address,
              Clock::time_point now);

  /// Hands waiting batches to the transport while there are free slots. Returns how many.
  std::size_t send(std::int64_t clock_ms);

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

  /// Bytes that wait for a free slot.
  [[nodiscard]] std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }
  [[nodiscard]] bool has_waiting() const noexcept { return !waiting_.empty(); }
  /// Nothing waiting and nothing under way.
  [[nodiscard]] bool idle() const noexcept { return waiting_.empty() && busy_slots_ == 0; }

 private:
  struct Batch {
    wire::Frame frame;
    std::vector<ReplyAddress> addresses;
    Clock::time_point opened;
  };
  struct Slot {
    std::vector<ReplyAddress> addresses;
    std::size_t answered = 0;
    Clock::time_point opened;
    bool busy = false;
    bool given_up = false;  ///< The receivers have their errors; late replies are dropped.
  };

  [[nodiscard]] bool fits(std::size_t bytes, std::uint64_t sequence) const noexcept;
  void open_batch(std::uint64_t sequence, Clock::time_point now);
  [[nodiscard]] Batch take_oldest();
  static void fail(std::vector<ReplyAddress>& addresses, std::size_t from, errc error);
  void release(Slot& slot);

  wire::Transport& transport_;
  std::size_t worker_;
  NodeId node_;
  std::uint32_t epoch_;
  std::size_t preferred_frame_bytes_;
  std::deque<Batch> waiting_;
  Batch* open_ = nullptr;  // the last of waiting_, if there is one
  std::size_t waiting_bytes_ = 0;
  std::vector<Slot> slots_;
  std::uint32_t next_slot_ = 0;
  std::size_t busy_slots_ = 0;
  std::vector<std::vector<ReplyAddress>> spare_addresses_;
};

}  // namespace pkv
