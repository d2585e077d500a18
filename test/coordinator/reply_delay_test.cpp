#include "coordinator/conversation.hpp"
#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <string>

using namespace pkv;
using namespace std::chrono_literals;
using test::bulk;
using test::Rig;
using test::TestClient;

namespace {

Limits with_delay(std::chrono::microseconds delay) {
  Limits limits;
  limits.reply_delay = delay;
  return limits;
}

/// Whether the worker's replies leave some clients for later.
bool leaves_some_waiting(Rig& rig, std::size_t worker) {
  while (rig.transport.run(worker)) {
  }
  while (rig.transport.deliver(worker)) {
  }
  rig.coordinator.update_clock();
  rig.coordinator.collect();
  return rig.service.tell_owners();
}

std::string get(const Rig& rig, std::size_t worker) {
  return "GET " + rig.key_of(worker) + "\r\n";
}

const std::string nil = "$-1\r\n";

}  // namespace

TEST_CASE("A pipelining client's replies wait for those right behind them", "[coordinator]") {
  Rig rig(3, with_delay(1h));
  rig.transport.by_hand();
  TestClient client(rig);
  client.send(get(rig, 0) + get(rig, 1) + get(rig, 2));
  rig.turn();
  CHECK(leaves_some_waiting(rig, 0));
  CHECK(client.take().empty());
  CHECK(leaves_some_waiting(rig, 1));
  CHECK(client.take().empty());
  CHECK_FALSE(leaves_some_waiting(rig, 2));
  CHECK(client.take() == nil + nil + nil);
}

TEST_CASE("The last reply waits for nothing", "[coordinator]") {
  Rig rig(3, with_delay(1h));
  TestClient client(rig);
  client.send(get(rig, 0));
  rig.turn();
  CHECK(client.take() == nil);
}

TEST_CASE("Replies wait no longer than the delay", "[coordinator]") {
  Rig rig(2, with_delay(1us));
  rig.transport.by_hand();
  TestClient client(rig);
  client.send(get(rig, 0) + get(rig, 1));
  rig.turn();
  const auto since = rig.coordinator.now();
  bool wait = leaves_some_waiting(rig, 0);
  while (wait) {
    rig.coordinator.update_clock();
    wait = rig.service.tell_owners();
    REQUIRE(rig.coordinator.now() - since < 10s);
  }
  CHECK(client.take() == nil);
  CHECK_FALSE(leaves_some_waiting(rig, 1));
  CHECK(client.take() == nil);
}

TEST_CASE("With a delay of zero every reply leaves at once", "[coordinator]") {
  Rig rig(2, with_delay(0us));
  rig.transport.by_hand();
  TestClient client(rig);
  client.send(get(rig, 0) + get(rig, 1));
  rig.turn();
  CHECK_FALSE(leaves_some_waiting(rig, 0));
  CHECK(client.take() == nil);
  CHECK_FALSE(leaves_some_waiting(rig, 1));
  CHECK(client.take() == nil);
}

TEST_CASE("Much output does not wait for more", "[coordinator]") {
  Rig rig(2, with_delay(1h));
  TestClient client(rig);
  const std::string large(std::size_t{64} << 10, 'v');
  client.send(test::encoded({"SET", rig.key_of(0), large}));
  rig.settle();
  client.take();
  rig.transport.by_hand();
  client.send(get(rig, 0) + get(rig, 1));
  rig.turn();
  CHECK_FALSE(leaves_some_waiting(rig, 0));
  CHECK(client.take() == bulk(large));
  CHECK_FALSE(leaves_some_waiting(rig, 1));
  CHECK(client.take() == nil);
}

TEST_CASE("A client with commands left unread does not wait", "[coordinator]") {
  Limits limits = with_delay(1h);
  limits.max_client_commands = 2;
  Rig rig(2, limits);
  rig.transport.by_hand();
  TestClient client(rig);
  CHECK(client.send(get(rig, 0) + get(rig, 1) + get(rig, 1)) == Conversation::Progress::paused);
  rig.turn();
  CHECK_FALSE(leaves_some_waiting(rig, 0));
  CHECK(client.take() == nil);
  rig.turn();
  while (!rig.coordinator.idle())
    leaves_some_waiting(rig, 1);
  CHECK(client.take() == nil + nil);
}

TEST_CASE("Clients that wait do not keep others waiting", "[coordinator]") {
  Rig rig(2, with_delay(1h));
  rig.transport.by_hand();
  TestClient pipelining(rig, 1);
  TestClient simple(rig, 2);
  pipelining.send(get(rig, 0) + get(rig, 1));
  simple.send(get(rig, 0));
  rig.turn();
  CHECK(leaves_some_waiting(rig, 0));
  CHECK(pipelining.take().empty());
  CHECK(simple.take() == nil);
  CHECK_FALSE(leaves_some_waiting(rig, 1));
  CHECK(pipelining.take() == nil + nil);
}

TEST_CASE("A client may end while its replies wait", "[coordinator]") {
  Rig rig(2, with_delay(1h));
  rig.transport.by_hand();
  auto leaving = std::make_unique<TestClient>(rig, 1);
  TestClient staying(rig, 2);
  leaving->send(get(rig, 0) + get(rig, 1));
  staying.send(get(rig, 0) + get(rig, 1));
  rig.turn();
  CHECK(leaves_some_waiting(rig, 0));
  leaving->conversation.discard_output();
  CHECK_FALSE(leaves_some_waiting(rig, 1));
  leaving.reset();
  CHECK(staying.take() == nil + nil);
}
