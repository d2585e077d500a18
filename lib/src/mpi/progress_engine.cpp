#include "mpi/progress_engine.hpp"

#include "mpi/ucx_worker.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
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
  for (Worker& worker : workers_) {
    worker.slots.resize(settings.slots_per_worker);
    worker.lost = UcxWorker::expects_failures();
  }
}

void ProgressEngine::send(std::size_t worker, wire::Frame request) {
  Worker& to = workers_[worker];
  const std::uint32_t at = request.header.slot;
  Slot& slot = to.slots[at];
  assert(!slot.busy && at == to.next_slot);
  to.next_slot = (at + 1) % static_cast<std::uint32_t>(to.slots.size());
  if (to.lost) {
    news_.push_back({worker, at, errc::node_down, std::move(request)});
    return;
  }
  slot.busy = true;
  slot.request = request.header;
  slot.request.body_bytes = request.body_size();
  slot.sent_from = request.bytes().data();
  ++busy_slots_;
  // The receive first: a reply that finds its buffer waiting is not copied.
  exchange_.expect(rank_of(worker), at);
  exchange_.send(rank_of(worker), std::move(request));
}

void ProgressEngine::disconnect(std::size_t worker) {
  if (!workers_[worker].lost) lose(worker, news_);
}

void ProgressEngine::reconnect(std::size_t worker, std::uint32_t epoch, std::string_view address) {
  Worker& reborn = workers_[worker];
  disconnect(worker);
  reborn.epoch = epoch;
  reborn.next_slot = 0;
  reborn.lost = false;
  if (!exchange_.reconnect(rank_of(worker), epoch, address)) notice_loss(worker, news_);
}

bool ProgressEngine::poll(std::vector<wire::Arrival>& arrivals) {
  const bool happened = exchange_.poll(received_) || !news_.empty();
  // What was decided before comes before what it led to.
  for (wire::Arrival& news : news_)
    arrivals.push_back(std::move(news));
  news_.clear();
  keep_sent();
  for (Received& received : received_)
    take(std::move(received), arrivals);
  received_.clear();
  notice_losses(arrivals);
  return happened || !arrivals.empty();
}

void ProgressEngine::keep_sent() {
  for (Sent& frame : exchange_.sent()) {
    Slot& slot = workers_[static_cast<std::size_t>(frame.peer) - 1].slots[frame.slot];
    // Not if the answer was faster than the news that the request has left.
    if (slot.busy && slot.sent_from == frame.original && slot.kept.empty())
      slot.kept = std::move(frame.bytes);
  }
  exchange_.recycle_sent();
}

void ProgressEngine::take(Received received, std::vector<wire::Arrival>& arrivals) {
  const auto worker = static_cast<std::size_t>(received.peer) - 1;
  if (received.failure == errc::node_down) {
    notice_loss(worker, arrivals);
  } else if (received.failure) {
    take_damaged(worker, received.slot, *received.failure, arrivals);
  } else if (received.frame.header.kind == wire::FrameKind::shutdown) {
    workers_[worker].dismissed = true;
  } else {
    take_reply(worker, std::move(received.frame), arrivals);
  }
}

void ProgressEngine::take_damaged(std::size_t worker, std::uint32_t slot, errc why,
                                  std::vector<wire::Arrival>& arrivals) {
  if (workers_[worker].lost) return;
  report(LogLevel::error, worker, "sent a damaged frame");
  // To MPI a message that a broken connection cut has arrived, and UCX may say only later that it
  // broke. So where processes can be replaced, this one is.
  if (UcxWorker::expects_failures())
    notice_loss(worker, arrivals);
  else
    fail(worker, slot, why, arrivals);
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

void ProgressEngine::notice_losses(std::vector<wire::Arrival>& arrivals) {
  while (const std::optional<int> rank = UcxWorker::next_failed_peer())
    if (*rank > 0) notice_loss(static_cast<std::size_t>(*rank) - 1, arrivals);
}

void ProgressEngine::notice_loss(std::size_t worker, std::vector<wire::Arrival>& arrivals) {
  // One that was dismissed may leave as it likes.
  if (workers_[worker].lost || workers_[worker].dismissed) return;
  report(LogLevel::error, worker, "cannot be reached any more");
  wire::Arrival news{worker, wire::Arrival::no_slot, errc::node_down, wire::Frame()};
  news.frame.header.epoch = workers_[worker].epoch;
  arrivals.push_back(std::move(news));
  lose(worker, arrivals);
}

void ProgressEngine::lose(std::size_t worker, std::vector<wire::Arrival>& arrivals) {
  Worker& lost = workers_[worker];
  lost.lost = true;
  has_lost_any_ = true;
  exchange_.disconnect(rank_of(worker));
  keep_sent();
  // In the order in which they were sent.
  const auto slots = static_cast<std::uint32_t>(lost.slots.size());
  for (std::uint32_t i = 0; i < slots; ++i) {
    const std::uint32_t at = (lost.next_slot + i) % slots;
    Slot& slot = lost.slots[at];
    if (!slot.busy) continue;
    wire::Frame request(slot.request, std::exchange(slot.kept, {}));
    set_free(slot);
    arrivals.push_back({worker, at, errc::node_down, std::move(request)});
  }
}

void ProgressEngine::set_free(Slot& slot) noexcept {
  if (std::exchange(slot.busy, false)) --busy_slots_;
  exchange_.buffers().recycle(std::exchange(slot.kept, {}));
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
  return exchange_.idle() &&
         std::all_of(workers_.begin(), workers_.end(),
                     [](const Worker& worker) { return worker.dismissed || worker.lost; });
}

void ProgressEngine::report(LogLevel level, std::size_t worker, const char* what) const {
  if (log_) log_(level, "worker rank " + std::to_string(rank_of(worker)) + " " + what);
}

}  // namespace pkv::mpi
