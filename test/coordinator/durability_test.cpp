#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

using namespace pkv;
using namespace std::chrono_literals;
using test::bulk;
using test::Rig;
using test::TestClient;

// How a client says how durable its writes shall be, and waits until they are.

namespace {

/// Over nodes that say that they keep their entries in files.
struct DurableRig : Rig {
  explicit DurableRig(Durability level, std::size_t nodes = 3, std::size_t replicas = 1)
      : Rig(nodes, {}, replicas) {
    service.entries_last = true;
    service.durability = level;
  }
};

/// Passes on what waits at the worker, there and back.
void pass_on(Rig& rig, std::size_t worker) {
  while (rig.transport.run(worker))
    while (rig.transport.deliver(worker)) {
    }
  rig.turn();
}

}  // namespace

TEST_CASE("Durability: a client sees and raises its level", "[coordinator][durability]") {
  DurableRig rig(Durability::batch);
  TestClient client(rig);
  TestClient other(rig, 2);
  CHECK(ask(rig, client, "CLIENT DURABILITY") == bulk("batch"));
  CHECK(ask(rig, client, "CLIENT DURABILITY FSYNC") == "+OK\r\n");
  CHECK(ask(rig, client, "CLIENT DURABILITY") == bulk("fsync"));
  CHECK(ask(rig, other, "CLIENT DURABILITY") == bulk("batch"));
  CHECK(ask(rig, client, "CLIENT DURABILITY none") == "+OK\r\n");
  CHECK(ask(rig, client, "CLIENT DURABILITY") == bulk("batch"));  // no less than the server's
  ask(rig, client, "CLIENT DURABILITY fsync");
  CHECK(ask(rig, client, "RESET") == "+RESET\r\n");
  CHECK(ask(rig, client, "CLIENT DURABILITY") == bulk("batch"));
  CHECK(ask(rig, client, "CLIENT DURABILITY always") ==
        "-ERR a durability is none, batch or fsync\r\n");
  CHECK(ask(rig, client, "CLIENT DURABILITY fsync now").starts_with("-ERR wrong number"));
  CHECK(ask(rig, client, "CONFIG GET durability") == "*2\r\n" + bulk("durability") + bulk("batch"));
}

TEST_CASE("Durability: in memory nothing can be raised", "[coordinator][durability]") {
  Rig rig;
  TestClient client(rig);
  CHECK(ask(rig, client, "CLIENT DURABILITY") == bulk("none"));
  CHECK(ask(rig, client, "CLIENT DURABILITY none") == "+OK\r\n");
  CHECK(ask(rig, client, "SET k v DURABLE none") == "+OK\r\n");
  for (const char* const command :
       {"CLIENT DURABILITY batch", "SET k w DURABLE fsync", "WAITDURABLE 100"})
    CHECK(ask(rig, client, command).starts_with("-ERR entries are in memory only"));
  CHECK(ask(rig, client, "GET k") == bulk("v"));
}

TEST_CASE("Durability: SET takes a level among its options", "[coordinator][durability]") {
  DurableRig rig(GENERATE(Durability::none, Durability::batch, Durability::fsync));
  TestClient client(rig);
  CHECK(ask(rig, client, "SET k v DURABLE fsync") == "+OK\r\n");
  CHECK(ask(rig, client, "SET k w NX DURABLE batch") == "$-1\r\n");
  CHECK(ask(rig, client, "SET k w durable FSYNC XX GET") == bulk("v"));
  CHECK(ask(rig, client, "SET k x DURABLE") == "-ERR syntax error\r\n");
  CHECK(ask(rig, client, "SET k x DURABLE NX").starts_with("-ERR a durability is"));
  CHECK(ask(rig, client, "GET k") == bulk("w"));
}

TEST_CASE("Durability: what may be given is asked of the nodes, and no more",
          "[coordinator][durability]") {
  DurableRig batch(Durability::batch);
  CHECK(batch.service.write_flags(Durability::batch) == 0);
  CHECK(batch.service.write_flags(Durability::fsync) == wire::on_disk);
  DurableRig fsync(Durability::fsync);
  CHECK(fsync.service.write_flags(Durability::fsync) == 0);  // each commit is on the disk
}

TEST_CASE("WAITDURABLE: is answered when all nodes have answered, and in its turn",
          "[coordinator][durability]") {
  DurableRig rig(Durability::batch);
  TestClient client(rig);
  rig.transport.by_hand();
  const std::string key = rig.key_of(1);
  client.send("SET " + key + " v\r\nWAITDURABLE 0\r\nGET " + key + "\r\n");
  rig.turn();
  pass_on(rig, 0);
  pass_on(rig, 2);
  CHECK(client.take().empty());
  pass_on(rig, 1);
  CHECK(client.take() == "+OK\r\n+OK\r\n" + bulk("v"));
  CHECK(rig.service.disk_waits.next_deadline() == std::nullopt);
}

TEST_CASE("WAITDURABLE: says so when time runs out, and the answers that come later are nobody's",
          "[coordinator][durability]") {
  DurableRig rig(Durability::batch);
  TestClient client(rig);
  rig.transport.by_hand();
  const std::string key = rig.key_of(1);
  rig.coordinator.update_clock();
  client.send("WAITDURABLE 50\r\n");
  rig.turn();
  const auto deadline = rig.service.disk_waits.next_deadline();
  REQUIRE(deadline.has_value());
  rig.service.disk_waits.expire(*deadline - 1ns);
  rig.service.tell_owners();
  CHECK(client.take().empty());
  rig.service.disk_waits.expire(*deadline);
  rig.service.tell_owners();
  CHECK(client.take().starts_with("-TIMEOUT "));
  CHECK_FALSE(rig.service.disk_waits.next_deadline());

  // The same ring entries are used again while the old answers are still to come.
  for (int i = 0; i < 20; ++i)
    client.send("SET " + key + " " + std::to_string(i) + "\r\n");
  rig.turn();
  for (const std::size_t worker : {0u, 1u, 2u})
    pass_on(rig, worker);
  std::string expected;
  for (int i = 0; i < 20; ++i)
    expected += "+OK\r\n";
  CHECK(client.take() == expected);
}

TEST_CASE("WAITDURABLE: a lost node is an error, unless others hold its keys",
          "[coordinator][durability]") {
  const std::size_t replicas = GENERATE(1u, 2u);
  DurableRig rig(Durability::batch, 3, replicas);
  TestClient client(rig);
  rig.transport.by_hand();
  client.send("WAITDURABLE 0\r\n");
  rig.turn();
  pass_on(rig, 0);
  pass_on(rig, 2);
  rig.transport.kill(1);
  rig.cluster.worker_lost({1, rig.coordinator.epoch(1), "killed by the test"});
  rig.transport.let_go();
  rig.settle();
  const std::string expected = replicas == 1 ? "-NODEDOWN " : "+OK\r\n";
  CHECK(client.take().starts_with(expected));
  CHECK(ask(rig, client, "WAITDURABLE 1000").starts_with(expected));
}

TEST_CASE("WAITDURABLE: a client that leaves meanwhile is forgotten", "[coordinator][durability]") {
  DurableRig rig(Durability::batch);
  rig.transport.by_hand();
  {
    TestClient client(rig);
    client.send("WAITDURABLE 50\r\n");
    rig.turn();
    client.conversation.abandon();
  }
  CHECK_FALSE(rig.service.disk_waits.next_deadline());
  for (const std::size_t worker : {0u, 1u, 2u})
    pass_on(rig, worker);
  CHECK(rig.coordinator.idle());
}

TEST_CASE("WAITDURABLE: times that are none are refused", "[coordinator][durability]") {
  DurableRig rig(Durability::batch);
  TestClient client(rig);
  CHECK(ask(rig, client, "WAITDURABLE -1") == "-ERR timeout is negative\r\n");
  for (const char* const time : {"x", "1.5", "86400001", "99999999999999999999"})
    CHECK(ask(rig, client, std::string("WAITDURABLE ") + time) ==
          "-ERR timeout is not an integer or out of range\r\n");
  CHECK(ask(rig, client, "WAITDURABLE 86400000") == "+OK\r\n");
}
