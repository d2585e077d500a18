#include "mpi/worker_loop.hpp"

#include "mpi/ucx_worker.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

namespace pkv::mpi {
namespace {

constexpr int coordinator = 0;
/// Shorter pauses are those between a client's answer and its next command.
constexpr std::chrono::milliseconds idle_before_rest{8};
constexpr std::chrono::seconds idle_before_sleep{10};
constexpr auto coordinator_lost = "the coordinator cannot be reached any more";

}  // namespace

WorkerLoop::WorkerLoop(const TransportSettings& settings, Handler handler, LogSink log,
                       std::uint32_t epoch, Pulse* pulse)
    : settings_(settings),
      handler_(std::move(handler)),
      log_(std::move(log)),
      pulse_(pulse),
      exchange_(settings.preferred_frame_bytes, 2 * settings.slots_per_worker + 2),
      waiter_(make_waiter(settings)),
      arrived_(settings.slots_per_worker) {
  exchange_.set_epoch(coordinator, epoch);
}

void WorkerLoop::run() {
  for (std::uint32_t slot = 0; slot < settings_.slots_per_worker; ++slot)
    exchange_.expect(coordinator, slot);
  while (goodbyes_ < settings_.slots_per_worker || !exchange_.idle()) {
    advance();
    while (handle_next()) {
    }
  }
}

void WorkerLoop::advance() {
  if (pulse_ != nullptr) pulse_->turn();
  const bool happened = exchange_.poll(received_);
  exchange_.recycle_sent();
  look_for_lost_coordinator();
  if (!happened) {
    if (!asleep_) rest_if_idle();
    if (waiter_->wants_sleep()) waiter_->sleep(-1);
    return;
  }
  waiter_->worked();
  rested_ = false;
  asleep_ = false;
  for (Received& received : received_) {
    if (received.failure == errc::node_down) throw std::runtime_error(coordinator_lost);
    arrived_[received.slot] = std::move(received);
  }
  received_.clear();
}

void WorkerLoop::rest_if_idle() {
  const auto idle = waiter_->idle_time();
  if (!rested_ && idle >= idle_before_rest) {
    rested_ = true;
    if (rest_) rest_();
  } else if (idle >= idle_before_sleep) {
    asleep_ = true;
    if (fall_asleep_) fall_asleep_();
  }
}

void WorkerLoop::look_for_lost_coordinator() const {
  // It has dismissed this worker, or it is gone; other workers are nothing to this one.
  while (const std::optional<int> rank = UcxWorker::next_failed_peer())
    if (*rank == coordinator && goodbyes_ == 0) throw std::runtime_error(coordinator_lost);
}

bool WorkerLoop::handle_next() {
  const std::uint32_t slot = next_slot_;
  if (!arrived_[slot]) return false;
  Received next = std::move(*arrived_[slot]);
  arrived_[slot].reset();
  next_slot_ = (slot + 1) % settings_.slots_per_worker;

  if (next.failure) {
    if (log_) log_(LogLevel::error, "a damaged request arrived and was refused");
    refuse(slot, {});
  } else if (next.frame.header.kind == wire::FrameKind::shutdown) {
    if (goodbyes_++ == 0) answer_goodbye(slot);
    exchange_.buffers().recycle(std::move(next.frame.bytes()));
  } else {
    handle(std::move(next.frame));
  }
  return true;
}

void WorkerLoop::handle(wire::Frame request) {
  current_request_ = request.header;
  const bool readable = current_request_.kind == wire::FrameKind::request &&
                        current_request_.count > 0 && handler_(request, *this);
  if (!readable) {
    if (log_) log_(LogLevel::error, "a malformed request arrived and was refused");
    refuse(current_request_.slot, current_request_);
  }
  exchange_.buffers().recycle(std::move(request.bytes()));
}

void WorkerLoop::send(wire::Frame reply) {
  reply.header.kind = wire::FrameKind::reply;
  reply.header.epoch = current_request_.epoch;
  reply.header.node = current_request_.node;
  reply.header.slot = current_request_.slot;
  reply.header.sequence = current_request_.sequence;
  // Before the reply: the coordinator may use the slot again as soon as it has it.
  if (reply.header.last) exchange_.expect(coordinator, reply.header.slot);
  exchange_.send(coordinator, std::move(reply));
  while (exchange_.unsent_bytes() > settings_.max_unsent_bytes)
    advance();
}

void WorkerLoop::refuse(std::uint32_t slot, const wire::FrameHeader& request) {
  current_request_ = request;
  current_request_.slot = slot;
  send(wire::Frame(take_buffer()));
}

void WorkerLoop::answer_goodbye(std::uint32_t slot) {
  wire::Frame goodbye(take_buffer());
  goodbye.header.kind = wire::FrameKind::shutdown;
  goodbye.header.slot = slot;
  exchange_.send(coordinator, std::move(goodbye));
}

}  // namespace pkv::mpi
