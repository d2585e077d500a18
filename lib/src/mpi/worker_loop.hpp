#pragma once

#include "pkv/log.hpp"

#include "mpi/frame_exchange.hpp"
#include "mpi/pulse.hpp"
#include "mpi/settings.hpp"
#include "mpi/waiter.hpp"
#include "wire/tags.hpp"
#include "worker/dispatcher.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace pkv::mpi {

/// A worker rank's life: receives requests from rank 0, has them run in the order in which they
/// were sent, and sends the replies back.
///
/// One receive is posted per slot. Slots are used in turn, so the loop handles slot after slot and
/// thereby keeps the order of the requests, however their messages overtook each other. A request
/// that is damaged, empty or not what the handler understands is answered by an empty reply, which
/// the coordinator takes as a refusal.
///
/// Thread safety: none; lives on the MPI thread.
/// Lifetime: MPI must be initialised.
/// Errors: run() throws mpi::Error when MPI fails, std::runtime_error when the coordinator cannot
/// be reached any more, std::bad_alloc, and what the handler throws.
class WorkerLoop final : private ReplySink {
 public:
  /// Runs a request and sends its replies to the sink, the last one marked so; Dispatcher::run
  /// fits. It may take the request's memory. An error means that the request was malformed.
  using Handler = std::function<result<void>(wire::Frame& request, ReplySink& replies)>;

  /// `epoch` is the incarnation of this process, from 1. Turns of the loop are counted by `pulse`,
  /// if there is one, which must outlive this.
  WorkerLoop(const TransportSettings& settings, Handler handler, LogSink log,
             std::uint32_t epoch = wire::first_epoch, Pulse* pulse = nullptr);

  /// Calls this when there has been nothing to do for some milliseconds, once. It must not throw.
  void rest_with(std::function<void()> rest) { rest_ = std::move(rest); }

  /// The same after ten seconds.
  void sleep_with(std::function<void()> fall_asleep) { fall_asleep_ = std::move(fall_asleep); }

  /// Serves until the coordinator says goodbye. No request is active afterwards: MPI may be
  /// finalized.
  void run();

 private:
  [[nodiscard]] ByteBuffer take_buffer() override { return exchange_.buffers().take(); }

  void send(wire::Frame reply) override;

  [[nodiscard]] bool takes_tails() const noexcept override { return true; }

  /// Makes progress, or sleeps for a while if there is none.
  void advance();
  void rest_if_idle();
  void look_for_lost_coordinator() const;
  [[nodiscard]] bool handle_next();
  void handle(wire::Frame request);
  void refuse(std::uint32_t slot, const wire::FrameHeader& request);
  void answer_goodbye(std::uint32_t slot);

  const TransportSettings settings_;
  Handler handler_;
  LogSink log_;
  Pulse* const pulse_;
  std::function<void()> rest_;
  std::function<void()> fall_asleep_;
  bool rested_ = true;  // since it has worked
  bool asleep_ = true;  // since it has worked
  FrameExchange exchange_;
  std::unique_ptr<Waiter> waiter_;
  std::vector<Received> received_;
  /// What has come under each slot and is not handled yet.
  std::vector<std::optional<Received>> arrived_;
  std::uint32_t next_slot_ = 0;
  wire::FrameHeader current_request_;
  /// Slots on which goodbye was said; the coordinator says it on all of them.
  std::size_t goodbyes_ = 0;
};

}  // namespace pkv::mpi
