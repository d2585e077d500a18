#include "coordinator/key_counts.hpp"

#include "coordinator/discard_replies.hpp"
#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <string>

using namespace pkv;
using test::Rig;
using test::TestClient;

namespace {

constexpr std::size_t two_replicas = 2;

void put_keys(Rig& rig, TestClient& client, int count) {
  for (int i = 0; i < count; ++i)
    client.send("SET key" + std::to_string(i) + " v\r\n");
  rig.settle();
  client.take();
}

}  // namespace

TEST_CASE("KeyCounts: a node that dies while it counts is made up for, as of the count's place",
          "[coordinator][key_counts]") {
  Rig rig(4, {}, two_replicas);
  TestClient client(rig);
  put_keys(rig, client, 300);
  rig.transport.by_hand();
  const std::size_t victim = GENERATE(0U, 1U, 2U, 3U);
  CAPTURE(victim);
  // What is written behind the count, also by a clear, is not counted.
  client.send("DBSIZE\r\nSET another v\r\nDEL key7\r\n");
  const bool clears = GENERATE(false, true);
  if (clears) client.send("FLUSHALL\r\nSET yet-another v\r\n");
  rig.turn();
  for (std::size_t worker = 0; worker < 4; ++worker)
    if (worker != victim) answer(rig, worker);
  rig.turn();
  CHECK(client.take().empty());
  lose(rig, victim);
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take() == std::string(":300\r\n+OK\r\n:1\r\n") + (clears ? "+OK\r\n+OK\r\n" : ""));
  client.send("DBSIZE\r\n");
  rig.settle();
  CHECK(client.take() == (clears ? ":1\r\n" : ":300\r\n"));
}

TEST_CASE("KeyCounts: nodes may die one after the other while they count",
          "[coordinator][key_counts]") {
  constexpr std::size_t three_replicas = 3;
  Rig rig(4, {}, three_replicas);
  TestClient client(rig);
  put_keys(rig, client, 200);
  rig.transport.by_hand();
  client.send("DBSIZE\r\n");
  rig.turn();
  lose(rig, 1);
  answer(rig, 0);
  answer(rig, 2);
  answer(rig, 3);
  rig.turn();
  CHECK(client.take().empty());
  lose(rig, 3);
  rig.turn();
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take() == ":200\r\n");
}

TEST_CASE("KeyCounts: a loss that the transport finds before anybody is told is made up for",
          "[coordinator][key_counts]") {
  Rig rig(3, {}, two_replicas);
  TestClient client(rig);
  put_keys(rig, client, 100);
  rig.transport.by_hand();
  client.send("DBSIZE\r\n");
  rig.turn();
  rig.transport.kill(2);
  answer(rig, 0);
  answer(rig, 1);
  rig.transport.notice_loss(2);
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take() == ":100\r\n");
}

TEST_CASE("KeyCounts: what no holder remembers is counted at a later place",
          "[coordinator][key_counts]") {
  Rig rig(2, {}, two_replicas);
  TestClient client(rig);
  put_keys(rig, client, 50);
  rig.transport.by_hand();
  client.send("DBSIZE\r\n");
  rig.turn();
  // Of what was before, this one cannot tell any more.
  rig.coordinator.begin_command();
  rig.coordinator.note_new_holder(0);
  client.send("SET another v\r\n");
  answer(rig, 0);
  lose(rig, 1);
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take() == ":51\r\n+OK\r\n");
}

TEST_CASE("KeyCounts: keys that nobody holds any more cannot be counted",
          "[coordinator][key_counts]") {
  const std::size_t replicas = GENERATE(1U, 2U);
  CAPTURE(replicas);
  Rig rig(3, {}, replicas);
  TestClient client(rig);
  put_keys(rig, client, 50);
  rig.transport.by_hand();
  client.send("DBSIZE\r\n");
  rig.turn();
  for (std::size_t worker = 0; worker < replicas; ++worker)
    lose(rig, worker);
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take().starts_with("-NODEDOWN "));
  for (std::size_t worker = 0; worker < replicas; ++worker)
    return_worker(rig, worker);
  while (rig.cluster.busy())
    rig.turn();
  client.send("DBSIZE\r\n");
  rig.settle();
  CHECK(client.take().starts_with(":"));
}

TEST_CASE("KeyCounts: a node that fails to count is an error", "[coordinator][key_counts]") {
  Rig rig(2, {}, two_replicas);
  TestClient client(rig);
  rig.transport.by_hand();
  client.send("DBSIZE\r\n");
  rig.turn();
  REQUIRE(rig.transport.run(0));
  rig.transport.fail_reply(0, errc::storage_failure);
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take().starts_with("-IOERR "));
}

TEST_CASE("KeyCounts: a key that only some of its holders have is no empty store",
          "[coordinator][key_counts]") {
  Rig rig(3, {}, two_replicas);
  TestClient client(rig);
  wire::Operation put;
  put.opcode = wire::Opcode::put;
  put.key = "key";
  put.value = "v";
  rig.coordinator.append(1, put, discarded_reply());
  rig.settle();
  client.send("DBSIZE\r\n");
  rig.settle();
  CHECK(client.take() == ":1\r\n");
}

TEST_CASE("KeyCounts: a count waits for room at the nodes that it asks",
          "[coordinator][key_counts]") {
  Limits limits;
  limits.max_worker_queue_bytes = 1'000;
  Rig rig(2, limits);
  TestClient client(rig);
  rig.transport.by_hand();
  test::fill_queue(rig, client, 1);
  CHECK(client.send("DBSIZE\r\n") == Conversation::Progress::paused);
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take().ends_with(":1\r\n"));
}
