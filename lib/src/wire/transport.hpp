#pragma once

#include "pkv/errc.hpp"

#include "base/byte_buffer.hpp"
#include "wire/frame_in_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace pkv::wire {

/// What came from a worker: a reply frame, or the news that there will be none for this slot.
struct Arrival {
  /// The slot of the news that the worker itself was lost.
  static constexpr std::uint32_t no_slot = std::numeric_limits<std::uint32_t>::max();

  std::size_t worker = 0;
  std::uint32_t slot = 0;
  /// node_down: the worker's process was lost before it had answered wholly.
  /// Others: the answer, or the request as it got there, was unusable.
  std::optional<errc> failure;
  /// The reply. With node_down the request, so that its operations can be looked at again; with
  /// no_slot only header.epoch is set, to the incarnation that was lost. Empty with other failures.
  Frame frame;
};

/// Carries request frames to the workers and brings their replies back, paired by slot.
///
/// Workers are numbered 0 to worker_count() - 1. Frames to one worker arrive and run in the order
/// sent. For each send there is, some time, either reply frames ending with one marked `last`, or a
/// failure; the slot is busy until then.
///
/// A worker's process may die and be followed by another one, its next incarnation. The transport
/// is told so by disconnect() and reconnect(); in between, the worker is lost: whatever it had not
/// answered and whatever is sent to it fails with errc::node_down. A transport may also find out by
/// itself that a process cannot be reached. It then behaves as after disconnect(), but first gives
/// one arrival in Arrival::no_slot, so that the loss is known before its consequences are seen.
///
/// Thread safety: everything is called on the coordinator's thread only; only the notification may
/// be called from another one.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  [[nodiscard]] virtual std::size_t worker_count() const noexcept = 0;
  /// Requests to one worker that may be under way at once; slots are numbered from 0 and must be
  /// used in turn: 0, 1, ..., slots_per_worker() - 1, 0, ...
  [[nodiscard]] virtual std::uint32_t slots_per_worker() const noexcept = 0;
  /// The most bytes of a frame that travels as a single message. Larger frames are carried too.
  [[nodiscard]] virtual std::size_t preferred_frame_bytes() const noexcept = 0;
  /// A request with fewer bytes of operations is not worth a message while its worker has another
  /// one to do: it had better grow until that is answered.
  [[nodiscard]] virtual std::size_t least_following_bytes() const noexcept { return 0; }

  /// Queues a request. header.slot says the slot; the transport seals the frame.
  /// Requires: the slot is free.
  virtual void send(std::size_t worker, Frame frame) = 0;

  /// The worker's process is dead, or is to be treated so. No effect if the worker is lost already.
  /// In order with send(); done by flush().
  virtual void disconnect(std::size_t worker) = 0;

  /// Another process serves the worker from here on: its incarnation `epoch`, which can be reached
  /// at `address`, in the transport's own terms. Its slots start again at 0. In order with send();
  /// done by flush(). If that process cannot be reached, the worker is lost again, as above.
  /// Requires: disconnect() was called, or the loss arrived; the caller counts no slot as busy.
  virtual void reconnect(std::size_t worker, std::uint32_t epoch, std::string address) = 0;

  /// Makes everything queued travel. Called once at the end of each turn of the event loop.
  virtual void flush() = 0;

  /// Sets the function to be called, from any thread, when collect() has something to give after it
  /// had nothing. It must not block and not throw.
  virtual void notify_with(std::function<void()> notify) = 0;

  /// Appends what has arrived since the last call.
  virtual void collect(std::vector<Arrival>& arrivals) = 0;

  /// An empty buffer, used before if possible.
  [[nodiscard]] virtual ByteBuffer take_buffer() = 0;
  /// Gives a buffer back for reuse.
  virtual void recycle(ByteBuffer buffer) noexcept = 0;
};

}  // namespace pkv::wire
