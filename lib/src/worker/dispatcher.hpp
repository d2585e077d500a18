#pragma once

#include "pkv/kv_store.hpp"
#include "pkv/node_id.hpp"

#include "wire/operation.hpp"
#include "wire/transport.hpp"
#include "worker/copying.hpp"
#include "worker/queries.hpp"
#include "worker/store_views.hpp"
#include "worker/undo_log.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pkv {

/// Where a dispatcher puts its reply frames. The frames are not sealed yet.
class ReplySink {
 public:
  ReplySink() = default;
  ReplySink(const ReplySink&) = delete;
  ReplySink& operator=(const ReplySink&) = delete;
  virtual ~ReplySink() = default;

  /// An empty buffer for the next frame, used before if possible.
  [[nodiscard]] virtual ByteBuffer take_buffer() = 0;
  /// Sends a reply frame; header.slot says to which request. Frames of one request keep their
  /// order.
  virtual void send(wire::Frame reply) = 0;
  /// Whether frames may have a tail.
  [[nodiscard]] virtual bool takes_tails() const noexcept { return false; }
};

/// Runs a request's operations on a node's store and answers them, in order.
///
/// A request is answered by one frame, or by several when the replies are large: each closes once
/// it holds `part_bytes`, so a worker never holds the replies of a whole batch of large values.
/// What a frame answers is committed before it is sent, and on the disk if any operation of the
/// request asks for that. An operation that fails is answered with
/// its error; the ones after it run all the same. When a part cannot be committed its writes have
/// not happened and are answered with the error; what only reads is answered as it is without them.
///
/// Large values are not copied where the engine can do without: one that came as a request of its
/// own stays in the memory that it came in, if the request may be kept; one that is read is the
/// tail of its frame, if the sink takes tails.
///
/// While requests say what is stable, what writes replace is remembered until it is (UndoLog), and
/// reads flagged read_as_of are answered from that. In a request that does not say so they are
/// answered with errc::malformed_frame, and what its writes replace is not remembered: all of a
/// coordinator's requests should say so, or none. Copying is not remembered either: a node holds
/// what was copied to it from the last page's place in the order on.
///
/// Thread safety: none; lives on the worker's thread.
/// Lifetime: `store` must outlive it.
/// Errors: run() returns errc::malformed_frame for a request that breaks the format or is meant for
/// another node or incarnation. Then nothing has run and nothing is answered.
class Dispatcher {
 public:
  /// `tells_stored_bytes`: whether its replies do, for engines that know it at any moment.
  Dispatcher(KVStore& store, NodeId node, std::uint32_t epoch, std::size_t part_bytes,
             const StoreViews::Settings& views = {}, bool tells_stored_bytes = true);

  [[nodiscard]] result<void> run(const wire::Frame& request, ReplySink& replies) {
    return run(request, nullptr, replies);
  }
  /// May keep the request's memory; what it then leaves is the operation without its key and value.
  [[nodiscard]] result<void> run(wire::Frame&& request, ReplySink& replies) {
    return run(request, &request, replies);
  }

  [[nodiscard]] std::uint64_t operations_run() const noexcept { return operations_run_; }

 private:
  /// The reply frame under way.
  struct Part {
    wire::Frame frame;
    result<void> begun;
    std::uint32_t first = 0;  ///< Of its operations in the request.
    Version latest = 0;       ///< Of the last of them.
    Version newest = 0;       ///< Of all: what was held back for a copy has an earlier one.
  };

  /// `own` is the request, if it may be kept; else null.
  [[nodiscard]] result<void> run(const wire::Frame& request, wire::Frame* own, ReplySink& replies);
  /// The flags of all operations together; nothing if the request is not to be run.
  [[nodiscard]] std::optional<std::uint8_t> inspect(const wire::Frame& request) const noexcept;
  [[nodiscard]] Part begin_part(const wire::Frame& request, ReplySink& replies);
  void end_part(Part part, const wire::Frame& request, bool to_disk, bool last, ReplySink& replies);
  void answer_undone(Part& part, const wire::Frame& request, const boost::system::error_code& why);
  /// Runs what is for the store alone.
  void execute(const wire::Operation& operation, Version version, wire::Frame& reply);
  void read(const wire::Operation& operation, wire::Frame& reply);
  /// The first of the opcodes that run_unusual() is for.
  [[nodiscard]] wire::Opcode first_unusual(bool remembering, bool asks_for_the_past) const noexcept;
  /// Runs what is not for the store alone: where the past matters, or from Opcode::statistics on.
  void run_unusual(const wire::Operation& operation, const wire::FrameHeader& request,
                   wire::Frame& reply);
  /// What has expired by then nobody can ask for any more.
  [[nodiscard]] Timestamp removable_until(const wire::FrameHeader& request) const noexcept;
  void report(ByteBuffer& to);

  KVStore& store_;
  NodeId node_;
  std::uint32_t epoch_;
  std::size_t part_bytes_;
  bool tells_stored_bytes_;
  StoreViews views_;
  Queries queries_;
  Copying copying_;
  UndoLog undo_log_;
  std::uint64_t operations_run_ = 0;
  wire::Frame* received_value_ = nullptr;  // the request under way, if put_received() is for it
  bool takes_tails_ = false;               // of the sink in use
};

}  // namespace pkv
