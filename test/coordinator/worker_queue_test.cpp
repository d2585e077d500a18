#include "coordinator/worker_queue.hpp"

#include "coordinator/receiver.hpp"
#include "support/faulty_transport.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <new>
#include <numeric>
#include <string>
#include <vector>

using namespace pkv;
using namespace std::chrono_literals;
using test::Damage;
using test::FaultyTransport;
using test::Receiver;

namespace {

const std::vector<NodeId> ids{NodeId{1}};
constexpr auto start = WorkerQueue::Clock::time_point(1h);

/// A queue for one worker, which answers only when it is told to.
struct Fixture {
  Fixture() { transport.by_hand(); }

  void append(std::uint32_t ticket, std::string_view value = "1",
              WorkerQueue::Clock::time_point now = start) {
    wire::Operation operation;
    operation.opcode = wire::Opcode::append;
    operation.key = "k";
    operation.value = value;
    queue.append(operation, ++sequence, {&receiver, ticket, 0}, now);
  }
  /// Appends and sends one batch.
  void send_batch(std::uint32_t first_ticket, std::uint32_t count,
                  WorkerQueue::Clock::time_point now = start) {
    for (std::uint32_t i = 0; i < count; ++i)
      append(first_ticket + i, "1", now);
    queue.send(0);
  }
  /// Fills all slots with a batch of one operation each.
  void fill_slots() {
    for (std::uint32_t slot = 0; slot < transport.slots_per_worker(); ++slot)
      send_batch(slot, 1);
  }
  /// Gives the queue what has arrived.
  std::vector<WorkerQueue::Answered> collect() {
    std::vector<wire::Arrival> arrivals;
    transport.collect(arrivals);
    std::vector<WorkerQueue::Answered> answered;
    for (wire::Arrival& arrival : arrivals)
      answered.push_back(queue.deliver(std::move(arrival)));
    return answered;
  }
  std::vector<WorkerQueue::Answered> answer() {
    REQUIRE(transport.run(0));
    while (transport.deliver(0)) {
    }
    return collect();
  }

  FaultyTransport transport{ids};
  WorkerQueue queue{transport, 0, ids[0], 1};
  Receiver receiver;
  std::uint64_t sequence = 1'000;
};

std::vector<std::uint32_t> count_up(std::uint32_t count) {
  std::vector<std::uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0U);
  return numbers;
}

}  // namespace

TEST_CASE("WorkerQueue: operations of one turn share a message", "[coordinator][queue]") {
  Fixture f;
  CHECK(f.queue.idle());
  for (std::uint32_t ticket = 0; ticket < 100; ++ticket)
    f.append(ticket);
  CHECK(f.queue.has_waiting());
  CHECK_FALSE(f.queue.idle());
  CHECK(f.queue.send(0) == 1);
  CHECK(f.queue.waiting_bytes() == 0);
  CHECK(f.queue.send(0) == 0);
  CHECK_FALSE(f.queue.idle());
  const auto answered = f.answer();
  REQUIRE(answered.size() == 1);
  CHECK(answered[0].replies == 100);
  CHECK(answered[0].opened == start);
  CHECK_FALSE(answered[0].malformed);
  CHECK(f.receiver.tickets() == count_up(100));
  CHECK(f.receiver.told.back().integer == 100);  // 100 times one byte, in order
  CHECK(f.queue.idle());
}

TEST_CASE("WorkerQueue: while all slots are busy the batch grows", "[coordinator][queue]") {
  Fixture f;
  const std::uint32_t slots = f.transport.slots_per_worker();
  f.fill_slots();
  for (std::uint32_t i = 0; i < 50; ++i)
    f.send_batch(slots + i, 1);  // 50 turns
  CHECK(f.transport.sent_counts(0) == std::vector<std::uint32_t>(slots, 1));
  CHECK(f.queue.waiting_bytes() == 50 * (wire::operation_overhead_bytes + 2));
  f.answer();
  CHECK(f.queue.send(0) == 1);
  CHECK(f.transport.sent_counts(0).back() == 50);
  CHECK(f.queue.waiting_bytes() == 0);
  while (f.transport.requests(0) > 0)
    f.answer();
  CHECK(f.receiver.tickets() == count_up(slots + 50));
  CHECK(f.receiver.told.back().integer == slots + 50);
  CHECK(f.queue.idle());
}

TEST_CASE("WorkerQueue: a batch not worth a message waits for the answer to the one before",
          "[coordinator][queue]") {
  Fixture f;
  constexpr std::uint32_t worthwhile = 10;
  f.transport.set_least_following_bytes(worthwhile * (wire::operation_overhead_bytes + 2));
  f.send_batch(0, 1);  // nobody to wait for
  f.send_batch(1, worthwhile - 1);
  CHECK(f.transport.sent_counts(0) == std::vector<std::uint32_t>{1});

  SECTION("or until it has grown") {
    f.send_batch(worthwhile, 1);
    CHECK(f.transport.sent_counts(0) == std::vector<std::uint32_t>{1, worthwhile});
    f.answer();
    f.send_batch(worthwhile + 1, 1);
    CHECK(f.transport.sent_counts(0).size() == 2);  // one is still under way
    f.answer();
    CHECK(f.queue.send(0) == 1);
    f.answer();
    CHECK(f.receiver.tickets() == count_up(worthwhile + 2));
  }
  SECTION("and leaves when it has come, however small") {
    f.answer();
    CHECK(f.queue.send(0) == 1);
    CHECK(f.transport.sent_counts(0) == std::vector<std::uint32_t>{1, worthwhile - 1});
    f.answer();
    CHECK(f.receiver.tickets() == count_up(worthwhile));
  }
  CHECK(f.queue.idle());
}

TEST_CASE("WorkerQueue: a batch closes at the preferred size of a frame", "[coordinator][queue]") {
  Fixture f;
  const std::size_t room = f.transport.preferred_frame_bytes() - wire::header_bytes;
  const std::size_t overhead = wire::operation_overhead_bytes + 1;
  f.append(0, std::string(room / 2 - overhead, 'a'));
  f.append(1, std::string(room - room / 2 - overhead, 'b'));  // fits to the byte
  f.append(2, "");
  f.append(3, std::string(2 * room, 'd'));  // more than any frame prefers
  f.append(4, "");
  CHECK(f.queue.send(0) == 4);
  CHECK(f.transport.sent_counts(0) == std::vector<std::uint32_t>{2, 1, 1, 1});
  for (int i = 0; i < 4; ++i)
    f.answer();
  CHECK(f.receiver.tickets() == count_up(5));
  CHECK(f.receiver.told.back().integer == static_cast<std::int64_t>(3 * room - 2 * overhead));
}

TEST_CASE("WorkerQueue: slots are used in turn, and only when they are free",
          "[coordinator][queue]") {
  Fixture f;
  for (std::uint32_t batch = 0; batch < 50; ++batch) {
    f.send_batch(batch, 1);
    if (batch % 3 != 0 && f.transport.requests(0) > 0) f.answer();
  }
  while (!f.queue.idle()) {
    f.queue.send(0);
    f.answer();
  }
  CHECK(f.transport.slots_were_used_in_turn());
  CHECK(f.receiver.tickets() == count_up(50));
}

TEST_CASE("WorkerQueue: an operation too far behind the first opens a new batch",
          "[coordinator][queue]") {
  Fixture f;
  f.append(0);
  f.sequence += 0xffff'fffeU;
  f.append(1);  // as far as an offset reaches
  f.append(2);
  f.queue.send(0);
  CHECK(f.transport.sent_counts(0) == std::vector<std::uint32_t>{2, 1});
}

TEST_CASE("WorkerQueue: what was not sent in time is given up and never runs",
          "[coordinator][queue]") {
  Fixture f;
  const std::uint32_t slots = f.transport.slots_per_worker();
  f.fill_slots();
  f.append(slots, "late", start + 1s);
  CHECK(f.queue.give_up(start) == 0);  // opened at that moment, not before
  CHECK(f.queue.give_up(start + 1s) == slots);
  CHECK(f.receiver.errors(errc::worker_timeout) == slots);
  CHECK(f.queue.has_waiting());
  CHECK(f.queue.give_up(start + 2s) == 1);
  CHECK(f.receiver.errors(errc::worker_timeout) == slots + 1);
  CHECK_FALSE(f.queue.has_waiting());
  CHECK(f.queue.waiting_bytes() == 0);
  CHECK_FALSE(f.queue.idle());  // the slots belong to the worker until it answers
  CHECK(f.queue.give_up(start + 2s) == 0);

  while (f.transport.requests(0) > 0)
    f.answer();
  CHECK(f.queue.idle());
  CHECK(f.receiver.told.size() == slots + 1);  // late answers are dropped
  f.append(99, "");
  f.queue.send(0);
  f.answer();
  CHECK(f.receiver.told.back().integer == slots);  // "late" has not been appended
}

TEST_CASE("WorkerQueue: a slot given up is free again after its late answer",
          "[coordinator][queue]") {
  Fixture f;
  f.fill_slots();
  f.queue.give_up(start + 1s);
  f.append(50, "x", start + 2s);
  CHECK(f.queue.send(0) == 0);
  f.answer();
  CHECK(f.queue.send(0) == 1);
  while (f.transport.requests(0) > 0)
    f.answer();
  CHECK(f.receiver.told.back().ticket == 50);
  CHECK(f.receiver.told.back().kind == wire::ReplyKind::integer);
  CHECK(f.transport.slots_were_used_in_turn());
}

TEST_CASE("WorkerQueue: a failure answers its whole batch and frees the slot",
          "[coordinator][queue]") {
  Fixture f;
  f.send_batch(0, 3);
  f.send_batch(3, 2);
  f.transport.run(0);
  f.transport.fail_reply(0, errc::node_down);
  f.transport.deliver(0);
  const auto answered = f.collect();
  REQUIRE(answered.size() == 1);
  CHECK(answered[0].replies == 0);
  CHECK(f.receiver.tickets() == count_up(3));
  CHECK(f.receiver.errors(errc::node_down) == 3);
  f.answer();
  CHECK(f.receiver.tickets() == count_up(5));
  CHECK(f.queue.idle());
}

TEST_CASE("WorkerQueue: a failure after a give-up is not told twice", "[coordinator][queue]") {
  Fixture f;
  f.send_batch(0, 3);
  f.queue.give_up(start + 1s);
  f.transport.run(0);
  f.transport.fail_reply(0, errc::node_down);
  f.transport.deliver(0);
  f.collect();
  CHECK(f.receiver.told.size() == 3);
  CHECK(f.queue.idle());
}

TEST_CASE("WorkerQueue: a damaged answer leaves no operation without one", "[coordinator][queue]") {
  for (const Damage damage : {Damage::too_few_replies, Damage::too_many_replies,
                              Damage::wrong_count, Damage::truncated_body}) {
    CAPTURE(static_cast<int>(damage));
    Fixture f;
    f.send_batch(0, 4);
    f.transport.run(0);
    f.transport.damage_reply(0, damage);
    f.transport.deliver(0);
    const auto answered = f.collect();
    REQUIRE(answered.size() == 1);
    CHECK(answered[0].malformed);
    CHECK(f.receiver.tickets() == count_up(4));  // each once, in order
    CHECK(f.receiver.errors(errc::malformed_frame) == 4 - answered[0].replies);
    CHECK(f.queue.idle());
    f.send_batch(4, 1);
    f.answer();
    CHECK(f.receiver.told.back().kind == wire::ReplyKind::integer);
  }
}

TEST_CASE("WorkerQueue: an answer for a slot that asked nothing is refused",
          "[coordinator][queue]") {
  Fixture f;
  f.send_batch(0, 1);
  for (const std::uint32_t slot : {1U, f.transport.slots_per_worker(), 0xffff'ffffU}) {
    wire::Arrival stray;
    stray.slot = slot;
    stray.frame = wire::Frame(ByteBuffer());
    CHECK(f.queue.deliver(std::move(stray)).malformed);
  }
  CHECK(f.receiver.told.empty());
  f.answer();
  CHECK(f.receiver.told.size() == 1);
}

TEST_CASE("WorkerQueue: an answer in several frames is given out as they come",
          "[coordinator][queue]") {
  Fixture f;
  const std::string large(200'000, 'v');
  f.append(0, large);
  f.queue.send(0);
  f.answer();
  for (std::uint32_t ticket = 1; ticket <= 5; ++ticket) {
    wire::Operation get;
    get.opcode = wire::Opcode::get;
    get.key = "k";
    f.queue.append(get, ++f.sequence, {&f.receiver, ticket, 0}, start);
  }
  f.queue.send(0);
  f.transport.run(0);
  REQUIRE(f.transport.replies(0) == 3);  // a part closes beyond 256 KiB
  std::size_t told = f.receiver.told.size();
  while (f.transport.deliver(0)) {
    f.collect();
    CHECK(f.receiver.told.size() > told);
    told = f.receiver.told.size();
  }
  CHECK(f.receiver.tickets() == count_up(6));
  CHECK(f.receiver.told.back().value == large);
  CHECK(f.queue.idle());
}

TEST_CASE("WorkerQueue: a damaged part is made up for once, and later parts are dropped",
          "[coordinator][queue]") {
  Fixture f;
  f.append(0, std::string(300'000, 'v'));
  f.queue.send(0);
  f.answer();
  for (std::uint32_t ticket = 1; ticket <= 3; ++ticket) {
    wire::Operation get;
    get.opcode = wire::Opcode::get;
    get.key = "k";
    f.queue.append(get, ++f.sequence, {&f.receiver, ticket, 0}, start);
  }
  f.queue.send(0);
  f.transport.run(0);
  REQUIRE(f.transport.replies(0) == 3);
  f.transport.damage_reply(0, Damage::truncated_body);
  while (f.transport.deliver(0)) {
  }
  f.collect();
  CHECK(f.receiver.tickets() == count_up(4));
  CHECK(f.receiver.errors(errc::malformed_frame) == 3);
  CHECK(f.queue.idle());
}

TEST_CASE("WorkerQueue: an append that finds no memory changes nothing", "[coordinator][queue]") {
  Fixture f;
  f.transport.set_out_of_memory(true);
  CHECK_THROWS_AS(f.append(7), std::bad_alloc);
  CHECK_FALSE(f.queue.has_waiting());
  CHECK(f.queue.waiting_bytes() == 0);
  f.transport.set_out_of_memory(false);
  f.send_batch(0, 2);
  f.answer();
  CHECK(f.receiver.tickets() == count_up(2));
}

namespace {

/// Notes what it is given.
class TestHeir final : public Heir {
 public:
  void inherit(std::size_t lost_worker, const wire::Operation& operation, std::uint64_t sequence,
               const ReplyAddress& address) override {
    CHECK(lost_worker == 0);
    CHECK(operation.key == "k");
    sequences.push_back(sequence);
    tickets.push_back(address.ticket);
  }
  std::vector<std::uint64_t> sequences;
  std::vector<std::uint32_t> tickets;
};

}  // namespace

TEST_CASE("WorkerQueue: what a lost worker has not answered goes to the heir, once each",
          "[coordinator][queue]") {
  Fixture f;
  TestHeir heir;
  WorkerQueue queue(f.transport, 0, ids[0], 1, &heir);
  wire::Operation operation;
  operation.opcode = wire::Opcode::get;
  operation.key = "k";
  const auto slots = f.transport.slots_per_worker();
  for (std::uint32_t i = 0; i < slots + 3; ++i) {
    queue.append(operation, 100 + i, {&f.receiver, i, 0}, start);
    if (i < slots) queue.send(0);  // a batch each; the last three wait
  }
  REQUIRE(f.transport.run(0));
  REQUIRE(f.transport.deliver(0));
  CHECK(queue.load() == slots + 3);
  CHECK(queue.oldest_sequence() == 100);

  f.transport.kill(0);
  f.transport.disconnect(0);
  f.transport.flush();
  queue.lose();
  CHECK(heir.tickets == std::vector<std::uint32_t>{slots, slots + 1, slots + 2});
  std::vector<wire::Arrival> arrivals;
  f.transport.collect(arrivals);
  for (wire::Arrival& arrival : arrivals)
    queue.deliver(std::move(arrival));
  CHECK(f.receiver.tickets() == std::vector<std::uint32_t>{0});
  CHECK(heir.tickets.size() == slots + 2);
  CHECK(std::ranges::count(heir.sequences, 100 + 1) == 1);
  CHECK(queue.idle());
  CHECK(queue.load() == 0);
}

TEST_CASE("WorkerQueue: a revived worker starts again at the first slot", "[coordinator][queue]") {
  Fixture f;
  f.send_batch(0, 1);
  f.answer();
  f.transport.kill(0);
  f.transport.disconnect(0);
  f.transport.flush();
  f.queue.lose();
  REQUIRE(f.queue.idle());
  f.queue.revive(2);
  f.transport.reconnect(0, 2, "");
  f.transport.flush();
  f.send_batch(1, 1);
  f.answer();
  CHECK(f.receiver.tickets() == std::vector<std::uint32_t>{0, 1});
  CHECK(f.receiver.errors(errc::node_down) == 0);
  CHECK(f.transport.slots_were_used_in_turn());
}

TEST_CASE("WorkerQueue: an operation may have an earlier place than the one before it",
          "[coordinator][queue]") {
  Fixture f;
  f.transport.let_go();
  wire::Operation put;
  put.opcode = wire::Opcode::put;
  put.key = "k";
  for (const std::uint64_t sequence : {500U, 20U, 21U, 600U})
    f.queue.append(put, sequence, {&f.receiver, static_cast<std::uint32_t>(sequence), 0}, start);
  CHECK(f.queue.oldest_sequence() == 20);
  f.queue.send(0);
  f.transport.flush();
  f.collect();
  CHECK(f.receiver.tickets() == std::vector<std::uint32_t>{500, 20, 21, 600});
}

TEST_CASE("WorkerQueue: what one command writes is one message, whatever its size",
          "[coordinator][queue]") {
  Fixture f;
  const auto opcode = GENERATE(wire::Opcode::put, wire::Opcode::get);
  const std::string value(f.transport.preferred_frame_bytes() / 4, 'v');
  std::uint32_t ticket = 0;
  const auto append = [&](std::uint64_t sequence) {
    wire::Operation operation;
    operation.opcode = opcode;
    operation.key = "k";
    operation.value = value;
    f.queue.append(operation, sequence, {&f.receiver, ticket++, 0}, start);
  };
  append(1);
  for (int i = 0; i < 20; ++i)
    append(2);
  append(3);
  f.queue.send(0);
  const auto& counts = f.transport.sent_counts(0);
  REQUIRE_FALSE(counts.empty());
  if (opcode == wire::Opcode::put)
    CHECK(counts[0] == 21);
  else
    CHECK(counts[0] == 3);
  while (!f.queue.idle()) {
    f.answer();
    f.queue.send(0);
  }
}
