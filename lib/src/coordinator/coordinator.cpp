#include "coordinator/coordinator.hpp"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace pkv {
namespace {

// A first incarnation. Sequence numbers of a job start at its start time, so that they go on rising
// when a later job serves the same data.
constexpr std::uint32_t first_epoch = 1;

std::int64_t wall_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::uint64_t first_sequence() {
  constexpr unsigned sequences_per_ms_bits = 20;
  return static_cast<std::uint64_t>(wall_clock_ms()) << sequences_per_ms_bits;
}

}  // namespace

Coordinator::Coordinator(Ring ring, std::vector<ServerNode> nodes, wire::Transport& transport,
                         Settings settings, LogSink log)
    : ring_(std::move(ring)),
      nodes_(std::move(nodes)),
      transport_(transport),
      settings_(settings),
      log_(std::move(log)),
      sequence_(first_sequence()),
      statistics_(nodes_.size()) {
  if (nodes_.size() != transport_.worker_count() || nodes_.size() != ring_.nodes().size())
    throw std::invalid_argument("there must be one node on the ring for each worker");
  queues_.reserve(nodes_.size());
  worker_of_ring_index_.resize(nodes_.size());
  for (std::size_t worker = 0; worker < nodes_.size(); ++worker) {
    const auto index = ring_.index_of(nodes_[worker].id);
    if (!index)
      throw std::invalid_argument("node " + std::to_string(to_number(nodes_[worker].id)) +
                                  " is not on the ring");
    worker_of_ring_index_[*index] = worker;
    queues_.emplace_back(transport_, worker, nodes_[worker].id, first_epoch);
  }
}

void Coordinator::wait_for_room(std::size_t worker, ReplyReceiver& receiver) {
  room_waits_.push_back({worker, &receiver});
}

void Coordinator::stop_waiting(ReplyReceiver& receiver) noexcept {
  std::erase_if(room_waits_, [&](const RoomWait& wait) { return wait.receiver == &receiver; });
}

/// Answers an operation that has found no memory.
void Coordinator::refuse(const ReplyAddress& address) {
  wire::WireReply refusal;
  refusal.kind = wire::ReplyKind::error;
  refusal.error = errc::out_of_memory;
  address.receiver->on_reply(address.ticket, address.part, refusal, SharedFrame());
}

void Coordinator::request_turn_end() {
  if (schedule_turn_) schedule_turn_();
  turn_end_requested_ = true;
}

void Coordinator::end_turn() {
  turn_end_requested_ = false;
  const std::int64_t clock_ms = wall_clock_ms();
  std::size_t sent = 0;
  for (WorkerQueue& queue : queues_)
    sent += queue.send(clock_ms);
  if (sent > 0) transport_.flush();
  tell_waiters();
}

void Coordinator::collect() {
  transport_.collect(arrivals_);
  bool batches_wait = false;
  for (wire::Arrival& arrival : arrivals_) {
    const std::size_t worker = arrival.worker;
    const bool failed = arrival.failure.has_value();
    const WorkerQueue::Answered answered = queues_[worker].deliver(std::move(arrival));
    Statistics::Node& node = statistics_.node[worker];
    node.requests += answered.replies;
    // Failures and late answers, which count no replies, say nothing of an operation's time.
    if (answered.replies > 0) node.operation_times.record(now_ - answered.opened, answered.replies);
    if (failed || answered.malformed) {
      ++node.failures;
      if (log_)
        log_(LogLevel::error, "node " + std::to_string(to_number(nodes_[worker].id)) +
                                  " gave no usable answer to a batch");
    }
    batches_wait = batches_wait || queues_[worker].has_waiting();
  }
  arrivals_.clear();
  if (batches_wait && !turn_end_requested_) request_turn_end();
}

void Coordinator::check_deadlines() {
  const Clock::time_point before = now_ - settings_.reply_timeout;
  for (std::size_t worker = 0; worker < queues_.size(); ++worker) {
    const std::size_t given_up = queues_[worker].give_up(before);
    if (given_up == 0) continue;
    statistics_.node[worker].failures += given_up;
    if (log_)
      log_(LogLevel::warning, "node " + std::to_string(to_number(nodes_[worker].id)) + " (rank " +
                                  std::to_string(nodes_[worker].rank) + ") has not answered for " +
                                  std::to_string(settings_.reply_timeout.count()) + " ms: " +
                                  std::to_string(given_up) + " operations were reported as failed");
  }
  tell_waiters();
}

bool Coordinator::idle() const noexcept {
  return std::all_of(queues_.begin(), queues_.end(),
                     [](const WorkerQueue& queue) { return queue.idle(); });
}

void Coordinator::tell_waiters() {
  // A receiver that is told may wait again at once, so the list is taken before it is walked.
  std::vector<RoomWait> told;
  std::erase_if(room_waits_, [&](const RoomWait& wait) {
    if (!has_room(wait.worker)) return false;
    told.push_back(wait);
    return true;
  });
  for (const RoomWait& wait : told)
    wait.receiver->on_room();
}

}  // namespace pkv
