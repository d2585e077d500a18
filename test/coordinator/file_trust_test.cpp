#include "coordinator/lasting_rig.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

// Which files a later server would trust, where nodes are lost that others are being filled from.

namespace pkv {
namespace {

using test::LastingRig;
using test::Rig;
using test::TestClient;

std::string key_of(std::size_t number) {
  return "key" + std::to_string(number);
}

/// The first of the keys that these workers hold, in this order.
std::string key_of_holders(const Rig& rig, const std::vector<std::size_t>& workers) {
  for (std::size_t number = 0;; ++number)
    if (std::ranges::equal(rig.holders_of(key_of(number)), workers)) return key_of(number);
}

/// Every key that somebody holds would be found at a holder.
void audit(LastingRig& store, std::size_t keys = 200) {
  for (std::size_t number = 0; number < keys; ++number) {
    const std::string key = key_of(number);
    const WorkerList holders = store.rig().holders_of(key);
    if (holders.empty()) continue;
    const auto found = store.found_at(key).front();
    std::string lost;
    for (const auto& [worker, at] : store.notes.lost)
      lost += std::to_string(worker) + " at " + std::to_string(at) + ", ";
    CAPTURE(key, found, std::vector(holders.begin(), holders.end()), lost);
    REQUIRE(std::ranges::find(holders, found) != holders.end());
  }
}

TEST_CASE("FileTrust: a node that is left alone while it is filled has the last word",
          "[coordinator][cluster][lasting]") {
  LastingRig store(3, 2);
  Rig& rig = store.rig();
  const std::string shared = key_of_holders(rig, {1, 0});
  const std::string elsewhere = key_of_holders(rig, {2, 0});
  for (int number = 0; number < 500; ++number)
    REQUIRE(store.ask("SET " + key_of(static_cast<std::size_t>(number)) + " old") == "+OK\r\n");
  test::lose(rig, 0);
  rig.transport.by_hand();
  store.come_back(0);
  rig.turn();
  SECTION("of what it had got") {
    // From worker 1 it gets all, from worker 2 nothing.
    while (rig.holders_of(shared).size() < 2) {
      test::answer(rig, 1);
      test::answer(rig, 0);
      rig.turn();
    }
  }
  SECTION("of what it had not") {}
  REQUIRE(rig.cluster.state(0) == Cluster::State::filling);
  test::lose(rig, 1);
  REQUIRE(rig.holders_of(shared).size() == 1);
  TestClient client(rig);
  client.send("SET " + shared + " new\r\n");
  while (client.received.empty()) {
    rig.turn();
    test::answer(rig, 0);
  }
  CHECK(client.take() == "+OK\r\n");
  REQUIRE(rig.cluster.state(0) == Cluster::State::filling);
  CHECK(store.found_at(shared) == std::vector<std::size_t>{0});
  CHECK(store.stored(0, shared) == "new");
  CHECK(store.found_at(elsewhere) == std::vector<std::size_t>{2});
  audit(store);

  // The next one is filled from it, and is lost again: it is known to have less.
  store.come_back(1);
  rig.turn();
  audit(store);
  test::lose(rig, 1);
  audit(store);
  // Now also what it had not yet got from worker 2 is with it alone.
  test::lose(rig, 2);
  CHECK(store.found_at(elsewhere) == std::vector<std::size_t>{0});
  audit(store);
  CHECK_FALSE(store.would_be_refused());
  store.come_back(1);
  store.come_back(2);
  rig.transport.let_go();
  store.settle();
  CHECK(store.notes.lost.empty());
  CHECK(store.ask("GET " + shared) == "$3\r\nnew\r\n");
}

TEST_CASE("FileTrust: what all have lost is not found again where it was",
          "[coordinator][cluster][lasting]") {
  LastingRig store(4, 2);
  Rig& rig = store.rig();
  const std::string key = key_of_holders(rig, {0, 1});
  CHECK(store.ask("SET " + key + " old") == "+OK\r\n");
  rig.transport.by_hand();
  test::lose(rig, 1);
  test::lose(rig, 0);
  CHECK(store.found_at(key) == std::vector<std::size_t>{0});
  store.come_back(1);  // the first to be lost: without its entries, but the only one there is
  rig.turn();
  CHECK(rig.holders_of(key).front() == 1);
  CHECK(store.found_at(key) == std::vector<std::size_t>{1});
  audit(store);
}

TEST_CASE("FileTrust: nodes that an earlier server has lost are trusted as they were noted",
          "[coordinator][cluster][lasting]") {
  LastingRig store(4, 2);
  Rig& rig = store.rig();
  store.notes.lost = {{0, 10}, {1, 20}, {2, 30}};
  rig.transport.by_hand();
  test::lose(rig, 0);
  rig.cluster.even_out_copies(std::array<std::size_t, 2>{1, 2}, [&] { store.notes.lost.clear(); });
  audit(store);
  for (int turn = 0; turn < 20; ++turn) {  // worker 3 does not give them what they have erased
    rig.turn();
    test::answer(rig, 1);
    test::answer(rig, 2);
  }
  store.come_back(0);
  audit(store);
  test::lose(rig, 3);
  audit(store);
  CHECK_FALSE(store.would_be_refused());
  store.come_back(3);
  rig.transport.let_go();
  store.settle();
  CHECK(store.notes.lost.empty());
}

constexpr int steps = 1500;

/// Returns how often a later server would have been refused.
int lose_at_random(LastingRig& store, TestClient& client, std::mt19937_64& random) {
  Rig& rig = store.rig();
  const std::size_t workers = rig.coordinator.worker_count();
  int refused = 0;
  rig.transport.by_hand();
  for (int step = 0; step < steps; ++step) {
    const auto choice = random() % 100;
    const std::size_t worker = random() % workers;
    if (choice < 20)
      client.send("SET " + key_of(random() % 200) + " " + std::to_string(step) + "\r\n");
    else if (choice < 55)
      rig.turn();
    else if (choice < 95)
      static_cast<void>(rig.transport.step(random));
    else if (rig.cluster.state(worker) == Cluster::State::down)
      store.come_back(worker);
    else if (random() % 12 == 0)
      test::lose(rig, worker);
    if (store.would_be_refused())
      ++refused;
    else
      audit(store, 60);
  }
  return refused;
}

TEST_CASE("FileTrust: whatever is lost, keys are found where they were last written",
          "[coordinator][cluster][lasting]") {
  const auto seed = std::random_device()();
  const std::size_t replicas = GENERATE(2u, 3u);
  CAPTURE(seed, replicas);
  std::mt19937_64 random(seed);
  constexpr int rounds = 6;
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    LastingRig store(replicas + 1 + random() % 3, replicas);
    for (std::size_t number = 0; number < 200; ++number)
      REQUIRE(store.ask("SET " + key_of(number) + " 0") == "+OK\r\n");
    if (random() % 2 == 0) {
      store.rig().transport.by_hand();
      store.rig().cluster.even_out_copies({}, [&] { store.notes.lost.clear(); });
    }
    TestClient client(store.rig());
    refused += lose_at_random(store, client, random);
    for (std::size_t worker = 0; worker < store.rig().coordinator.worker_count(); ++worker)
      if (store.rig().cluster.state(worker) == Cluster::State::down) store.come_back(worker);
    store.rig().transport.let_go();
    store.settle();
    CHECK(store.notes.lost.empty());
  }
  CHECK(refused < rounds * steps * (static_cast<int>(replicas) - 1) / 2);  // most were audited
}

}  // namespace
}  // namespace pkv
