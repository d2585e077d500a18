#include "support/faulty_transport.hpp"

#include "wire/wire_reply.hpp"

#include <new>
#include <utility>

namespace pkv::test {
namespace {

void append(ByteBuffer& to, const wire::WireReply& reply) {
  switch (reply.kind) {
    case wire::ReplyKind::ok:
      return wire::append_ok(to);
    case wire::ReplyKind::nil:
      return wire::append_nil(to);
    case wire::ReplyKind::integer:
      return wire::append_integer(to, reply.integer);
    case wire::ReplyKind::value:
      return wire::append_value(to, reply.value);
    case wire::ReplyKind::error:
      return wire::append_error(to, reply.error);
  }
}

void drop_last_reply(wire::Frame& frame) {
  wire::ReplyReader reader(frame.body(), frame.header.count);
  wire::WireReply reply;
  std::vector<wire::WireReply> kept;
  while (reader.next(reply))
    kept.push_back(reply);
  kept.pop_back();
  wire::Frame shorter{ByteBuffer()};
  shorter.header = frame.header;
  shorter.header.count = static_cast<std::uint32_t>(kept.size());
  for (const wire::WireReply& each : kept)
    append(shorter.bytes(), each);
  frame = std::move(shorter);
}

wire::Frame copy(const wire::Frame& frame) {
  wire::Frame copied{ByteBuffer()};
  copied.header = frame.header;
  copied.bytes().append(frame.body());
  return copied;
}

}  // namespace

FaultyTransport::FaultyTransport(const std::vector<NodeId>& nodes, const Limits& limits)
    : inner_(nodes, limits), workers_(nodes.size()) {
  for (Worker& worker : workers_)
    worker.busy_slots.resize(inner_.slots_per_worker());
}

void FaultyTransport::let_go() {
  by_hand_ = false;
  flush();
}

void FaultyTransport::send(std::size_t worker, wire::Frame frame) {
  Worker& to = workers_[worker];
  const std::uint32_t slot = frame.header.slot;
  if (slot != to.next_slot || to.busy_slots[slot]) slots_in_turn_ = false;
  to.busy_slots[slot] = true;
  to.next_slot = (slot + 1) % slots_per_worker();
  to.sent_counts.push_back(frame.header.count);
  if (to.state == State::lost) {
    to.busy_slots[slot] = false;
    failed_.push_back({worker, slot, errc::node_down, std::move(frame)});
    return;
  }
  to.requests.push_back(std::move(frame));
}

void FaultyTransport::kill(std::size_t worker) {
  Worker& killed = workers_[worker];
  if (killed.state == State::alive) killed.state = State::killed;
  killed.replies.clear();
}

void FaultyTransport::lose(std::size_t worker) {
  Worker& lost = workers_[worker];
  lost.state = State::lost;
  lost.replies.clear();
  for (std::deque<wire::Frame>* unanswered : {&lost.run, &lost.requests}) {
    for (wire::Frame& request : *unanswered)
      failed_.push_back({worker, request.header.slot, errc::node_down, std::move(request)});
    unanswered->clear();
  }
  lost.busy_slots.assign(lost.busy_slots.size(), false);
}

void FaultyTransport::notice_loss(std::size_t worker) {
  if (workers_[worker].state == State::lost) return;
  wire::Arrival news{worker, wire::Arrival::no_slot, errc::node_down, {}};
  news.frame.header.epoch = workers_[worker].epoch;
  failed_.push_back(std::move(news));
  lose(worker);
  for (wire::Arrival& failure : std::exchange(failed_, {}))
    arrive(std::move(failure));
}

void FaultyTransport::disconnect(std::size_t worker) {
  if (workers_[worker].state != State::lost) lose(worker);
}

void FaultyTransport::reconnect(std::size_t worker, std::uint32_t epoch, std::string address) {
  Worker& reborn = workers_[worker];
  if (reborn.state != State::lost) slots_in_turn_ = false;
  reborn.state = State::alive;
  reborn.epoch = epoch;
  reborn.address = std::move(address);
  reborn.next_slot = 0;
  inner_.disconnect(worker);
  inner_.reconnect(worker, epoch, {});
  inner_.flush();
}

void FaultyTransport::flush() {
  for (wire::Arrival& failure : std::exchange(failed_, {}))
    arrive(std::move(failure));
  if (by_hand_) return;
  for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
    while (run(worker)) {
    }
    while (deliver(worker)) {
    }
  }
}

bool FaultyTransport::run(std::size_t worker) {
  Worker& on = workers_[worker];
  if (on.state != State::alive || on.requests.empty()) return false;
  on.run.push_back(copy(on.requests.front()));
  inner_.send(worker, std::move(on.requests.front()));
  on.requests.pop_front();
  inner_.flush();
  std::vector<wire::Arrival> arrivals;
  inner_.collect(arrivals);
  for (wire::Arrival& arrival : arrivals)
    on.replies.push_back(std::move(arrival));
  return true;
}

bool FaultyTransport::deliver(std::size_t worker) {
  Worker& from = workers_[worker];
  if (from.replies.empty()) return false;
  wire::Arrival arrival = std::move(from.replies.front());
  from.replies.pop_front();
  if (arrival.failure || arrival.frame.header.last) {
    from.busy_slots[arrival.slot] = false;
    from.run.pop_front();
  }
  arrive(std::move(arrival));
  return true;
}

void FaultyTransport::arrive(wire::Arrival arrival) {
  const bool was_empty = arrived_.empty();
  arrived_.push_back(std::move(arrival));
  if (was_empty && notify_) notify_();
}

bool FaultyTransport::step(std::mt19937_64& random) {
  std::vector<std::function<bool()>> choices;
  for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
    if (is_connected(worker) && requests(worker) > 0)
      choices.push_back([this, worker] { return run(worker); });
    if (replies(worker) > 0) choices.push_back([this, worker] { return deliver(worker); });
  }
  return !choices.empty() && choices[random() % choices.size()]();
}

void FaultyTransport::lose_request(std::size_t worker) {
  workers_[worker].requests.pop_front();
}

void FaultyTransport::fail_reply(std::size_t worker, errc error) {
  std::deque<wire::Arrival>& replies = workers_[worker].replies;
  wire::Arrival failure{worker, replies.front().slot, error, {}};
  if (error == errc::node_down) failure.frame = copy(workers_[worker].run.front());
  while (!replies.front().frame.header.last)
    replies.pop_front();
  replies.front() = std::move(failure);
}

void FaultyTransport::damage_reply(std::size_t worker, Damage damage) {
  wire::Frame& frame = workers_[worker].replies.front().frame;
  switch (damage) {
    case Damage::too_few_replies:
      drop_last_reply(frame);
      break;
    case Damage::too_many_replies:
      wire::append_ok(frame.bytes());
      ++frame.header.count;
      break;
    case Damage::wrong_count:
      ++frame.header.count;
      break;
    case Damage::truncated_body:
      frame.bytes().drop_back(1);
      break;
  }
}

void FaultyTransport::collect(std::vector<wire::Arrival>& arrivals) {
  for (wire::Arrival& arrival : std::exchange(arrived_, {}))
    arrivals.push_back(std::move(arrival));
}

ByteBuffer FaultyTransport::take_buffer() {
  if (out_of_memory_) throw std::bad_alloc();
  return inner_.take_buffer();
}

}  // namespace pkv::test
