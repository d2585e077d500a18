#include "coordinator/coordinator.hpp"

#include "coordinator/receiver.hpp"
#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>

using namespace pkv;
using namespace std::chrono_literals;
using test::Receiver;
using test::Rig;

namespace {

void put(Rig& rig, Receiver& receiver, const std::string& key, const std::string& value,
         std::uint32_t ticket = 0) {
  wire::Operation operation;
  operation.opcode = wire::Opcode::put;
  operation.key = key;
  operation.value = value;
  rig.coordinator.begin_command();
  rig.coordinator.append(rig.coordinator.way_of(operation), operation, {&receiver, ticket, 0});
}

}  // namespace

TEST_CASE("Coordinator: commands go to the owner on the ring", "[coordinator]") {
  Rig rig(4);
  Receiver receiver;
  std::vector<std::uint32_t> expected(4);
  for (int i = 0; i < 200; ++i) {
    const std::string key = "key" + std::to_string(i);
    const std::size_t worker = rig.worker_of(key);
    CHECK(rig.coordinator.nodes()[worker].id == rig.coordinator.ring().owner(key));
    ++expected[worker];
    put(rig, receiver, key, "v");
  }
  rig.turn();
  for (std::size_t worker = 0; worker < 4; ++worker) {
    CHECK(rig.transport.sent_counts(worker) == std::vector<std::uint32_t>{expected[worker]});
    CHECK(rig.coordinator.statistics().node[worker].requests == expected[worker]);
    CHECK(rig.coordinator.statistics().node[worker].operation_times.count() == expected[worker]);
  }
  CHECK(receiver.told.size() == 200);
  CHECK(rig.coordinator.idle());
}

TEST_CASE("Coordinator: reads keep to a key's first holder until it has a batch more to do",
          "[coordinator][replicas]") {
  Rig rig(3, {}, 2);
  Receiver receiver;
  const std::string key = rig.key_of(1);
  const WorkerList holders = rig.holders_of(key);
  REQUIRE(holders.size() == 2);
  REQUIRE(holders.front() == 1);
  const std::size_t second = holders.begin()[1];
  const auto read = [&](std::uint32_t times) {
    wire::Operation operation;
    operation.opcode = wire::Opcode::get;
    operation.key = key;
    for (std::uint32_t i = 0; i < times; ++i) {
      rig.coordinator.begin_command();
      rig.coordinator.append(rig.coordinator.way_of(operation), operation, {&receiver, i, 0});
    }
  };
  const std::uint32_t batch = 64;
  read(batch);
  rig.turn();
  CHECK(rig.transport.sent_counts(1) == std::vector<std::uint32_t>{batch});
  CHECK(rig.transport.sent_counts(second).empty());

  read(4 * batch);
  rig.turn();
  CHECK(rig.transport.sent_counts(1).back() == 2 * batch);
  CHECK(rig.transport.sent_counts(second) == std::vector<std::uint32_t>{2 * batch});

  // One whose node has three times the weight takes three times as much.
  rig.coordinator.set_ring(
      rig.coordinator.ring().with_weight(rig.coordinator.nodes()[second].id, 3.0));
  read(4 * batch);
  rig.turn();
  CHECK(rig.transport.sent_counts(1).back() == batch);
  CHECK(rig.transport.sent_counts(second).back() == 3 * batch);
}

TEST_CASE("Coordinator: it asks once for the end of a turn", "[coordinator]") {
  Rig rig;
  Receiver receiver;
  put(rig, receiver, "a", "1");
  put(rig, receiver, "b", "1");
  CHECK(rig.turns_asked_for == 1);
  rig.coordinator.end_turn();
  put(rig, receiver, "c", "1");
  CHECK(rig.turns_asked_for == 2);
}

TEST_CASE("Coordinator: a free slot asks for a turn when something waits for it", "[coordinator]") {
  Rig rig(1);
  Receiver receiver;
  rig.transport.by_hand();
  for (std::uint32_t i = 0; i <= rig.transport.slots_per_worker(); ++i) {
    put(rig, receiver, "a", "1");
    rig.coordinator.end_turn();
  }
  const int before = rig.turns_asked_for;
  rig.transport.run(0);
  rig.transport.deliver(0);
  rig.coordinator.collect();
  CHECK(rig.turns_asked_for == before + 1);
  rig.transport.let_go();
  rig.settle();
  CHECK(receiver.told.size() == rig.transport.slots_per_worker() + 1);
}

TEST_CASE("Coordinator: the nodes must be those of the transport and of the ring",
          "[coordinator]") {
  test::FaultyTransport transport(test::node_ids(2));
  const auto make = [&](std::vector<NodeId> on_ring, std::vector<NodeId> served) {
    std::vector<RingNode> ring_nodes;
    for (const NodeId id : on_ring)
      ring_nodes.push_back({id, 1.0, {}});
    std::vector<ServerNode> nodes(served.size());
    for (std::size_t i = 0; i < served.size(); ++i)
      nodes[i].id = served[i];
    Coordinator(Ring(ring_nodes), nodes, transport, {1, 1ms}, {});
  };
  CHECK_NOTHROW(make({NodeId{1}, NodeId{2}}, {NodeId{2}, NodeId{1}}));
  CHECK_THROWS_AS(make({NodeId{1}, NodeId{2}}, {NodeId{1}}), std::invalid_argument);
  CHECK_NOTHROW(make({NodeId{1}}, {NodeId{1}, NodeId{2}}));  // the second one is spare
  CHECK_THROWS_AS(make({NodeId{1}, NodeId{2}}, {NodeId{1}, NodeId{3}}), std::invalid_argument);
}

TEST_CASE("Coordinator: a full worker pushes back, the others do not", "[coordinator]") {
  Limits limits;
  limits.max_worker_queue_bytes = 1'000;
  Rig rig(2, limits);
  Receiver writer, waits, leaves;
  rig.transport.by_hand();
  const std::string key = rig.key_of(0);
  while (rig.coordinator.has_room(0))
    put(rig, writer, key, std::string(100, 'v'));
  CHECK(rig.coordinator.has_room(1));
  rig.coordinator.wait_for_room(0, waits);
  rig.coordinator.wait_for_room(0, leaves);
  rig.coordinator.stop_waiting(leaves);
  CHECK(waits.rooms == 0);

  rig.coordinator.end_turn();  // a free slot takes the batch
  CHECK(rig.coordinator.has_room(0));
  CHECK(waits.rooms == 1);
  CHECK(leaves.rooms == 0);

  // With all slots busy it lasts until the worker answers.
  while (rig.transport.requests(0) < rig.transport.slots_per_worker()) {
    put(rig, writer, key, "v");
    rig.coordinator.end_turn();
  }
  while (rig.coordinator.has_room(0))
    put(rig, writer, key, std::string(100, 'v'));
  rig.coordinator.wait_for_room(0, waits);
  rig.coordinator.end_turn();
  CHECK(waits.rooms == 1);
  rig.transport.run(0);
  rig.transport.deliver(0);
  rig.coordinator.collect();
  CHECK(waits.rooms == 1);
  rig.coordinator.end_turn();
  CHECK(waits.rooms == 2);
  rig.transport.let_go();
  rig.settle();
  CHECK(waits.rooms == 2);
}

TEST_CASE("Coordinator: a worker beyond its deadline is given up, and counted", "[coordinator]") {
  Limits limits;
  limits.reply_timeout = 0ms;
  Rig rig(2, limits);
  Receiver receiver, waits;
  rig.transport.by_hand();
  put(rig, receiver, rig.key_of(0), "v", 1);
  put(rig, receiver, rig.key_of(0), "v", 2);
  rig.coordinator.end_turn();
  while (receiver.told.empty()) {
    rig.coordinator.update_clock();
    rig.coordinator.check_deadlines();
  }
  CHECK(receiver.tickets() == std::vector<std::uint32_t>{1, 2});
  CHECK(receiver.errors(errc::worker_timeout) == 2);
  CHECK(rig.coordinator.statistics().node[0].failures == 2);
  CHECK(rig.coordinator.statistics().node[1].failures == 0);
  CHECK_FALSE(rig.coordinator.idle());

  rig.transport.let_go();
  rig.settle();
  CHECK(receiver.told.size() == 2);
  const Statistics::Node& node = rig.coordinator.statistics().node[0];
  CHECK(node.requests == 0);
  CHECK(node.operation_times.count() == 0);
  CHECK(node.operation_times.largest() == 0ns);
}

TEST_CASE("Coordinator: giving up makes room for those who wait", "[coordinator]") {
  Limits limits;
  limits.reply_timeout = 0ms;
  limits.max_worker_queue_bytes = 1;
  Rig rig(1, limits);
  Receiver receiver, waits;
  rig.transport.by_hand();
  for (std::uint32_t i = 0; i <= rig.transport.slots_per_worker(); ++i) {
    put(rig, receiver, "a", "1");
    rig.coordinator.end_turn();
  }
  REQUIRE_FALSE(rig.coordinator.has_room(0));
  rig.coordinator.wait_for_room(0, waits);
  while (waits.rooms == 0) {
    rig.coordinator.update_clock();
    rig.coordinator.check_deadlines();
  }
  CHECK(rig.coordinator.has_room(0));
  CHECK(receiver.errors(errc::worker_timeout) == rig.transport.slots_per_worker() + 1);
}

TEST_CASE("Coordinator: failures count no operations and no times", "[coordinator]") {
  Rig rig(1);
  Receiver receiver;
  rig.transport.by_hand();
  put(rig, receiver, "a", "1");
  rig.coordinator.end_turn();
  rig.transport.run(0);
  rig.transport.fail_reply(0, errc::node_down);
  rig.transport.deliver(0);
  rig.coordinator.collect();
  const Statistics::Node& node = rig.coordinator.statistics().node[0];
  CHECK(receiver.errors(errc::node_down) == 1);
  CHECK(node.failures == 1);
  CHECK(node.requests == 0);
  CHECK(node.operation_times.largest() == 0ns);
}

TEST_CASE("Coordinator: an operation that finds no memory is answered so", "[coordinator]") {
  Rig rig(1);
  Receiver receiver;
  rig.transport.set_out_of_memory(true);
  put(rig, receiver, "a", "1", 5);
  CHECK(receiver.tickets() == std::vector<std::uint32_t>{5});
  CHECK(receiver.errors(errc::out_of_memory) == 1);
  CHECK(rig.coordinator.idle());
}
