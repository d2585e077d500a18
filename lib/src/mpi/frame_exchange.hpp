#pragma once

#include "pkv/errc.hpp"

#include "mpi/buffer_pool.hpp"
#include "mpi/request_pool.hpp"
#include "wire/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pkv::mpi {

/// What came under a slot: a frame that arrived whole and undamaged, or why there is none.
struct Received {
  int peer = 0;
  std::uint32_t slot = 0;
  /// malformed_frame: what arrived was no frame, or a damaged one. node_down: MPI says that the
  /// peer cannot be reached. `frame` is empty then.
  std::optional<errc> failure;
  wire::Frame frame;
};

/// A frame that was handed to send() and that MPI no longer needs, or the copy of one that it does.
struct Sent {
  int peer = 0;
  std::uint32_t slot = 0;
  const char* original = nullptr;  ///< Where the bytes were when send() was called.
  ByteBuffer bytes;
};

/// Sends and receives whole frames over MPI; both sides of the transport are built on it.
///
/// A frame of up to preferred_frame_bytes is one message under its slot's frame tag. A larger one
/// is its header with the body's lead (see wire::Frame) under that tag, and the rest of its body as
/// a second message under the slot's body tag, for which the receiver provides a buffer of just the
/// size that the header announced. Messages under one tag do not overtake each other, so the frames
/// of one slot keep their order.
///
/// A frame is looked at only as far as its integrity goes; kind and order are the caller's
/// business.
///
/// Peers' processes may die and be replaced: disconnect() ends all that is under way with the old
/// one, and every incarnation of a worker has its own tags, so that nothing of it is mistaken.
///
/// Thread safety: none; lives on the MPI thread.
/// Lifetime: as RequestPool.
/// Errors: remote faults are reported by poll(). std::bad_alloc if there is no memory for a large
/// body; its message stays with MPI then, so the slot must not be used again.
class FrameExchange {
 public:
  /// Keeps at most `most_kept_buffers` idle buffers of preferred_frame_bytes.
  FrameExchange(std::size_t preferred_frame_bytes, std::size_t most_kept_buffers);

  /// Says which incarnation of the worker the frames to and from the peer are for; at first, the
  /// first. The worker is the peer itself, or this process if the peer is the coordinator.
  void set_epoch(int peer, std::uint32_t epoch);

  /// Seals the frame and starts sending it under header.slot.
  void send(int peer, wire::Frame frame);

  /// Makes ready to receive one frame. At most one receive per peer and slot at a time.
  void expect(int peer, std::uint32_t slot);

  /// Makes progress; appends what has arrived. Returns whether anything happened.
  bool poll(std::vector<Received>& received);

  /// The frames that have left since this was last called, for those who want to keep them. The
  /// others call recycle_sent().
  [[nodiscard]] std::vector<Sent>& sent() noexcept { return sent_; }
  void recycle_sent() noexcept;

  /// Ends what is under way with the peer's process, which was lost. Nothing of it is received any
  /// more; what was being sent is in sent(), as copies.
  void disconnect(int peer);

  /// Connects the peer's next incarnation at the address that UcxWorker gave there. False if that
  /// is not possible. Requires: disconnect(peer) was called.
  [[nodiscard]] bool reconnect(int peer, std::uint32_t epoch, std::string_view address);

  /// Frames handed to MPI that it may still read.
  [[nodiscard]] std::size_t unsent_bytes() const noexcept { return unsent_bytes_; }

  /// Nothing is being sent, and no frame is expected, except from processes that were lost.
  [[nodiscard]] bool idle() const noexcept { return requests_.empty() && lost_peers_.empty(); }

  [[nodiscard]] BufferPool& buffers() noexcept { return buffers_; }

 private:
  void send_in_two(int peer, wire::Frame frame);
  void send_message(Message message, Part part, int tag);
  [[nodiscard]] std::uint32_t epoch_of(int peer) const noexcept;
  void finish_send(Finished& done);
  void keep_sent(Message message);
  [[nodiscard]] std::optional<Received> finish_frame(Finished& done);
  [[nodiscard]] Received finish_body(Finished& done);
  void receive_body(int peer, const wire::FrameHeader& header, ByteBuffer first);

  std::size_t preferred_frame_bytes_;
  BufferPool buffers_;
  RequestPool requests_;
  std::size_t unsent_bytes_ = 0;
  std::vector<std::uint32_t> epochs_;  // by peer; those beyond its end are first_epoch
  std::vector<Finished> finished_;
  std::vector<Sent> sent_;
  std::vector<Received> lost_peers_;  // failed sends, to be reported by the next poll()
};

}  // namespace pkv::mpi
