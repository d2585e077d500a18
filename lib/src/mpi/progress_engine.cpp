#include "mpi/progress_engine.hpp"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

namespace pkv::mpi {
namespace {

int rank_of(std::size_t worker) noexcept {
  return static_cast<int>(worker) + 1;
}

bool answers(const wire::FrameHeader& reply, const wire::FrameHeader& request) noexcept {
  return reply.kind == wire::FrameKind::reply && reply.node == request.node &&
         reply.epoch == request.epoch && reply.sequence == request.sequence;
}

/// A worker answers a request that it cannot read with a reply to no operation. The rest of its
/// header says nothing: the worker may not have been able to read the request's.
bool is_refusal(const wire::FrameHeader& reply) noexcept {
  return reply.kind == wire::FrameKind::reply && reply.last && reply.count == 0 &&
         reply.body_bytes == 0;
}

}  // namespace

ProgressEngine::ProgressEngine(std::size_t workers, const TransportSettings& settings, LogSink log)
    : workers_(workers),
      exchange_(settings.preferred_frame_bytes, 2 * workers * settings.slots_per_worker),
      log_(std::move(log)) {
  for (Worker& worker : workers_)
    worker.slots.resize(settings.slots_per_worker);
}

void ProgressEngine::send(std::size_t worker, wire::Frame request) {
  Worker& to = workers_[worker];
  const std::uint32_t at = request.header.slot;
  Slot& slot = to.slots[at];
  assert(!slot.busy && at == to.next_slot);
  to.next_slot = (at + 1) % static_cast<std::uint32_t>(to.slots.size());
  if (to.lost) {
    refused_.push_back({worker, at, errc::node_down, wire::Frame()});
    return;
  }
  slot.busy = true;
  slot.request = request.header;
  ++busy_slots_;
  // The receive first: a reply that finds its buffer waiting is not copied.
  exchange_.expect(rank_of(worker), at);
  exchange_.send(rank_of(worker), std::move(request));
}

void ProgressEngine::disconnect(std::size_t worker) {
  lose(worker, refused_);
}

void ProgressEngine::reconnect(std::size_t worker, std::uint32_t, std::string_view) {
  report(LogLevel::error, worker, "cannot be replaced by another process with this MPI");
}

bool ProgressEngine::poll(std::vector<wire::Arrival>& arrivals) {
  const bool happened = exchange_.poll(received_) || !refused_.empty();
  for (Received& received : received_)
    take(std::move(received), arrivals);
  received_.clear();
  for (wire::Arrival& refused : refused_)
    arrivals.push_back(std::move(refused));
  refused_.clear();
  return happened;
}

void ProgressEngine::take(Received received, std::vector<wire::Arrival>& arrivals) {
  const auto worker = static_cast<std::size_t>(received.peer) - 1;
  if (received.failure == errc::node_down) {
    lose(worker, arrivals);
  } else if (received.failure) {
    report(LogLevel::error, worker, "sent a damaged frame");
    fail(worker, received.slot, *received.failure, arrivals);
  } else if (received.frame.header.kind == wire::FrameKind::shutdown) {
    workers_[worker].dismissed = true;
  } else {
    take_reply(worker, std::move(received.frame), arrivals);
  }
}

void ProgressEngine::take_reply(std::size_t worker, wire::Frame reply,
                                std::vector<wire::Arrival>& arrivals) {
  Worker& from = workers_[worker];
  const std::uint32_t at = reply.header.slot;
  Slot& slot = from.slots[at];
  if (from.lost || !slot.busy) return;
  if (is_refusal(reply.header)) {
    report(LogLevel::error, worker, "received a request that it could not read");
    fail(worker, at, errc::malformed_frame, arrivals);
    return;
  }
  if (!answers(reply.header, slot.request)) {
    report(LogLevel::warning, worker, "sent a frame that answers no request; dropped");
    exchange_.buffers().recycle(std::move(reply.bytes()));
    exchange_.expect(rank_of(worker), at);
    return;
  }
  if (reply.header.last) {
    set_free(slot);
  } else {
    exchange_.expect(rank_of(worker), at);
  }
  arrivals.push_back({worker, at, std::nullopt, std::move(reply)});
}

void ProgressEngine::fail(std::size_t worker, std::uint32_t slot, errc why,
                          std::vector<wire::Arrival>& arrivals) {
  set_free(workers_[worker].slots[slot]);
  arrivals.push_back({worker, slot, why, wire::Frame()});
}

void ProgressEngine::lose(std::size_t worker, std::vector<wire::Arrival>& arrivals) {
  Worker& lost = workers_[worker];
  if (!std::exchange(lost.lost, true))
    report(LogLevel::error, worker, "cannot be reached any more");
  for (std::uint32_t slot = 0; slot < lost.slots.size(); ++slot)
    if (lost.slots[slot].busy) fail(worker, slot, errc::node_down, arrivals);
}

void ProgressEngine::set_free(Slot& slot) noexcept {
  if (std::exchange(slot.busy, false)) --busy_slots_;
}

void ProgressEngine::dismiss() {
  for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
    Worker& leaving = workers_[worker];
    if (leaving.lost) continue;
    exchange_.expect(rank_of(worker), leaving.next_slot);
    const auto slots = static_cast<std::uint32_t>(leaving.slots.size());
    for (std::uint32_t i = 0; i < slots; ++i) {
      wire::Frame goodbye(exchange_.buffers().take());
      goodbye.header.kind = wire::FrameKind::shutdown;
      goodbye.header.slot = (leaving.next_slot + i) % slots;
      exchange_.send(rank_of(worker), std::move(goodbye));
    }
  }
}

bool ProgressEngine::all_dismissed() const noexcept {
  return exchange_.idle() && std::all_of(workers_.begin(), workers_.end(),
                                         [](const Worker& worker) { return worker.dismissed; });
}

void ProgressEngine::report(LogLevel level, std::size_t worker, const char* what) const {
  if (log_) log_(level, "worker rank " + std::to_string(rank_of(worker)) + " " + what);
}

}  // namespace pkv::mpi
