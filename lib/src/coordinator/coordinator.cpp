#include "coordinator/coordinator.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace pkv {
namespace {

// Clients that send more than this in a while are busy: some ten thousand commands a second.
constexpr std::chrono::milliseconds pacing_interval{5};
constexpr std::uint64_t most_commands_when_quiet = 50;

// How late it may be noticed that somebody has set the machine's clock.
constexpr std::chrono::milliseconds following_interval{100};

// To have fewer than this to do is no load: it is what a worker does for every message.
constexpr double reads_of_a_batch = 64;

/// The worker that serves each node of the ring, in the ring's order.
std::vector<WorkerIndex> workers_of(const Ring& ring, const std::vector<ServerNode>& nodes) {
  std::vector<WorkerIndex> workers;
  for (const RingNode& node : ring.nodes()) {
    const auto served = std::ranges::find(nodes, node.id, &ServerNode::id);
    if (served == nodes.end())
      throw std::invalid_argument("no worker serves node " + std::to_string(to_number(node.id)) +
                                  ", which is on the ring");
    workers.push_back(static_cast<WorkerIndex>(served - nodes.begin()));
  }
  return workers;
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
      statistics_(nodes_.size()),
      placement_({ring_, settings_.replicas, workers_of(ring_, nodes_)}, nodes_.size()),
      transfers_(*this, settings_.copying),
      memory_(settings_.max_memory, nodes_.size()) {
  if (nodes_.size() != transport_.worker_count())
    throw std::invalid_argument("there must be one node for each worker");
  queues_.reserve(nodes_.size());
  for (std::size_t worker = 0; worker < nodes_.size(); ++worker) {
    const std::uint32_t epoch = nodes_[worker].epoch;
    queues_.emplace_back(transport_, worker, nodes_[worker].id, epoch, this);
    epochs_.push_back(epoch);
    holder_since_.push_back(0);
  }
  set_ring(ring_);
  follow_wall_clock();
}

// A machine's clock is put back now and then. The order's time goes on from where it was, at the
// pace of the steady clock, until the other has caught up.
void Coordinator::follow_wall_clock() noexcept {
  update_clock();
  followed_then_ = now_;
  order_ahead_ms_ = std::max(order_ahead_ms_, wall_clock_ms() - steady_ms(now_));
  update_clock();
}

void Coordinator::set_ring(Ring ring) {
  ring_ = std::move(ring);
  memory_.set_ring(ring_, nodes_);
  batches_per_read_.assign(nodes_.size(), 1 / reads_of_a_batch);
  for (std::size_t worker = 0; worker < nodes_.size(); ++worker)
    if (const auto index = ring_.index_of(nodes_[worker].id))
      batches_per_read_[worker] = 1 / (reads_of_a_batch * ring_.nodes()[*index].weight);
}

/// What is under way is counted as if all of it were new: a node tells what it holds only when it
/// answers.
bool Coordinator::claim_memory(std::span<const wire::Operation> operations) {
  bool fits = true;
  for (const wire::Operation& operation : operations) {
    if (!wire::may_add_bytes(operation.opcode)) continue;
    const std::size_t growth = MemoryShares::most_growth(wire::encoded_bytes(operation), 1);
    for (const WorkerIndex worker : way_of(operation).route->holders()) {
      const WorkerQueue& queue = queues_[worker];
      const std::size_t unanswered =
          MemoryShares::most_growth(queue.unanswered_bytes(), queue.load());
      fits = memory_.claim(worker, growth, unanswered) && fits;
    }
  }
  for (const wire::Operation& operation : operations)
    for (const WorkerIndex worker : way_of(operation).route->holders())
      memory_.drop_claims(worker);
  return fits;
}

void Coordinator::wait_for_room(std::size_t worker, ReplyReceiver& receiver) {
  room_waits_.push_back({worker, &receiver});
}

void Coordinator::stop_waiting(ReplyReceiver& receiver) noexcept {
  std::erase_if(room_waits_, [&](const RoomWait& wait) { return wait.receiver == &receiver; });
}

/// Answers an operation that goes nowhere.
void Coordinator::refuse(const ReplyAddress& address, errc why) {
  wire::WireReply refusal;
  refusal.kind = wire::ReplyKind::error;
  refusal.error = why;
  address.receiver->on_reply(address.ticket, address.part, refusal, SharedFrame());
  ensure_turn_end();
}

std::optional<std::size_t> Coordinator::full_holder(const Route& route) const noexcept {
  // Reads could do with one holder that has room; but then writes would find the others full.
  for (const WorkerIndex worker : route.holders())
    if (!has_room(worker)) return worker;
  for (const Fill& fill : route.fills())
    if (!has_room(fill.destination)) return fill.destination;
  return std::nullopt;
}

/// The holder with the least to do for its weight, counted in batches. Among equals the key's
/// first: so that a worker's caches hold what it is asked for, not all that it has. Requires: there
/// is one.
std::size_t Coordinator::reader(const WorkerList& holders) const noexcept {
  std::size_t best = holders.front();
  if (holders.size() == 1) return best;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const WorkerIndex worker : holders) {
    const auto load = static_cast<double>(queues_[worker].load());
    const auto batches = static_cast<std::size_t>(load * batches_per_read_[worker]);
    if (batches >= least) continue;
    least = batches;
    best = worker;
  }
  return best;
}

void Coordinator::append_to_holders(const Route& route, const wire::Operation& operation,
                                    const ReplyAddress& address) {
  const WorkerList& holders = route.holders();
  if (holders.empty()) {
    refuse(address, errc::node_down);
    return;
  }
  if (wire::reads_key(operation.opcode)) {
    append_to(reader(holders), operation, address);
    return;
  }
  if (holders.size() == 1) {
    append_to(holders.front(), operation, address);
  } else {
    const std::uint32_t ticket = replica_replies_.expect(address, holders);
    std::uint32_t part = 0;
    for (const WorkerIndex worker : holders)
      append_to(worker, operation, {&replica_replies_, ticket, part++});
  }
  // Last: what could not be ordered for want of memory must not be copied either.
  for (const Fill& fill : route.fills())
    transfers_.on_write(fill.transfer, operation, sequence_);
}

void Coordinator::append_alone(const Way& way, ByteBuffer frame_bytes,
                               const ReplyAddress& address) {
  WorkerQueue& queue = queues_[way.route->holders().front()];
  try {
    queue.append_alone(std::move(frame_bytes), sequence_, address, now_);
  } catch (const std::bad_alloc&) {
    refuse(address, errc::out_of_memory);
    return;
  }
  if (!turn_end_requested_) request_turn_end();
}

void Coordinator::inherit(std::size_t lost_worker, const wire::Operation& operation,
                          std::uint64_t sequence, const ReplyAddress& address) {
  WorkerList heirs;  // writes need none: they have gone to all other holders
  if (wire::is_for_any_holder(operation)) heirs = way_of(operation).route->holders();
  heirs.remove(static_cast<WorkerIndex>(lost_worker));
  for (const WorkerIndex worker : WorkerList(heirs))
    if (!knows_since(worker, sequence)) heirs.remove(worker);
  if (heirs.empty()) {
    refuse(address, errc::node_down);
    return;
  }
  wire::Operation again = operation;
  again.flags |= wire::read_as_of;
  append_at(reader(heirs), again, sequence, address);
}

void Coordinator::disconnect(std::size_t worker) {
  transport_.disconnect(worker);
  transport_.flush();
  queues_[worker].lose();
  memory_.forget(worker);
}

void Coordinator::reconnect(std::size_t worker, std::uint32_t epoch, std::string address) {
  epochs_[worker] = epoch;
  queues_[worker].revive(epoch);
  transport_.reconnect(worker, epoch, std::move(address));
  transport_.flush();
}

std::uint64_t Coordinator::stable_sequence() const noexcept {
  std::uint64_t oldest = sequence_ + 1;
  for (const WorkerQueue& queue : queues_)
    oldest = std::min(oldest, queue.oldest_sequence());
  return oldest - 1;
}

void Coordinator::request_turn_end() {
  if (schedule_turn_) schedule_turn_();
  turn_end_requested_ = true;
}

void Coordinator::pace_copying() {
  if (transfers_.idle() || now_ - looked_then_ < pacing_interval) return;
  transfers_.give_way(statistics_.commands - commands_then_ > most_commands_when_quiet);
  commands_then_ = statistics_.commands;
  looked_then_ = now_;
}

void Coordinator::end_turn() {
  pace_copying();
  transfers_.step();
  if (!memory_.settled() && transfers_.idle()) memory_.settle();
  turn_end_requested_ = false;
  settled_is_fresh_ = false;
  if (now_ - followed_then_ > following_interval) follow_wall_clock();
  const std::uint64_t stable = settings_.replicas > 1 ? stable_sequence() : 0;
  std::size_t sent = 0;
  for (WorkerQueue& queue : queues_)
    sent += queue.send(stable);
  if (sent > 0) transport_.flush();
  report_losses();
  tell_waiters();
}

void Coordinator::collect() {
  transport_.collect(arrivals_);
  bool batches_wait = false;
  for (wire::Arrival& arrival : arrivals_) {
    const std::size_t worker = arrival.worker;
    deliver(std::move(arrival));
    batches_wait = batches_wait || queues_[worker].has_waiting();
  }
  arrivals_.clear();
  report_losses();
  if (batches_wait) ensure_turn_end();
}

void Coordinator::deliver(wire::Arrival arrival) {
  const std::size_t worker = arrival.worker;
  if (arrival.slot == wire::Arrival::no_slot) {
    suspect(worker, arrival.frame.header.epoch, "its process cannot be reached any more");
    return;
  }
  const bool failed = arrival.failure.has_value();
  if (!failed)
    memory_.note(worker, arrival.frame.header.sequence, arrival.frame.header.stored_bytes);
  const WorkerQueue::Answered answered = queues_[worker].deliver(std::move(arrival));
  Statistics::Node& node = statistics_.node[worker];
  node.requests += answered.replies;
  // Failures and late answers, which count no replies, say nothing of an operation's time.
  if (answered.replies > 0) node.operation_times.record(now_ - answered.opened, answered.replies);
  if (!failed && !answered.malformed) return;
  ++node.failures;
  if (log_)
    log_(LogLevel::error, "node " + std::to_string(to_number(nodes_[worker].id)) +
                              " gave no usable answer to a batch");
}

void Coordinator::check_deadlines() {
  const Clock::time_point before = now_ - settings_.reply_timeout;
  for (std::size_t worker = 0; worker < queues_.size(); ++worker) {
    if (settings_.workers_return) {
      if (queues_[worker].overdue(before))
        suspect(worker, epochs_[worker], "it has not answered within the reply timeout");
      continue;
    }
    const std::size_t given_up = queues_[worker].give_up(before);
    if (given_up == 0) continue;
    statistics_.node[worker].failures += given_up;
    if (log_)
      log_(LogLevel::warning, "node " + std::to_string(to_number(nodes_[worker].id)) + " (rank " +
                                  std::to_string(nodes_[worker].rank) + ") has not answered for " +
                                  std::to_string(settings_.reply_timeout.count()) + " ms: " +
                                  std::to_string(given_up) + " operations were reported as failed");
  }
  report_losses();
  tell_waiters();
}

void Coordinator::suspect(std::size_t worker, std::uint32_t epoch, const char* why) {
  suspects_.push_back({worker, epoch, why});
}

// Apart from where losses are found: what follows from one changes what is being walked there.
void Coordinator::report_losses() {
  for (const std::uint16_t worker : replica_replies_.take_diverged())
    suspect(worker, epochs_[worker], "it failed where other holders did not");
  for (const Suspect& found : std::exchange(suspects_, {}))
    if (on_loss_) on_loss_(found.worker, found.epoch, found.why);
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
