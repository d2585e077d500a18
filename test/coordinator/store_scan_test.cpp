#include "coordinator/store_scan.hpp"

#include "coordinator/rig.hpp"
#include "wire/copying.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <random>
#include <string>

using namespace pkv;
using test::bulk;
using test::encoded;
using test::Rig;
using test::TestClient;

namespace {

using Entries = std::map<std::string, std::string>;

/// Keeps what a scan finds.
class Collector final : public ScanConsumer {
 public:
  [[nodiscard]] bool has_room() const override { return room; }
  void on_page(std::size_t worker, std::string_view page, const SharedFrame&) override {
    ++pages;
    wire::PageReader reader(page);
    for (wire::CopiedEntry entry; reader.next(entry);) {
      CHECK(scan_position(entry.key) >= positions[worker]);
      positions[worker] = scan_position(entry.key);
      CHECK(entries.emplace(entry.key, entry.value).second);
    }
  }
  void on_end(std::optional<errc> why) override {
    CHECK_FALSE(ended);
    ended = true;
    failure = why;
  }

  bool room = true;
  std::size_t pages = 0;
  Entries entries;
  std::map<std::size_t, ScanCursor> positions;
  bool ended = false;
  std::optional<errc> failure;
};

/// Long enough for several pages of each node.
std::string long_value(int number) {
  return std::string(4'000, static_cast<char>('a' + number % 26)) + std::to_string(number);
}

Entries fill(Rig& rig, TestClient& client, int count) {
  Entries entries;
  for (int i = 0; i < count; ++i) {
    const std::string key = "key" + std::to_string(i);
    entries[key] = long_value(i);
    client.send(encoded({"SET", key, entries[key]}));
    if (i % 100 == 0) rig.settle();
  }
  rig.settle();
  client.take();
  return entries;
}

void finish(Rig& rig, const Collector& collector) {
  // By time, not turns: a scan pauses after a failure.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!collector.ended || rig.service.scans.busy()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    rig.turn();
  }
}

}  // namespace

TEST_CASE("StoreScan: finds every key once, as it was at its place, while clients write",
          "[coordinator][scan]") {
  const std::size_t replicas = GENERATE(1U, 2U, 3U);
  const bool clears = GENERATE(false, true);
  const auto seed = std::random_device{}();
  CAPTURE(replicas, clears, seed);
  std::mt19937 random(seed);
  Rig rig(4, {}, replicas);
  TestClient client(rig);
  const Entries then = fill(rig, client, 600);

  Collector collector;
  client.send("SET before 1\r\n");
  rig.service.scans.begin(collector);
  client.send("SET behind 1\r\n");
  for (int round = 0; !collector.ended; ++round) {
    REQUIRE(round < 100'000);
    for (int i = 0; i < 5; ++i) {
      const std::string key = "key" + std::to_string(random() % 700);
      client.send(random() % 3 == 0 ? encoded({"DEL", key}) : encoded({"SET", key, "new"}));
    }
    if (clears && round == 3) client.send("FLUSHALL\r\n");
    rig.turn();
  }
  CHECK_FALSE(collector.failure);
  CHECK(collector.pages > 4);  // of four nodes
  Entries expected = then;
  expected["before"] = "1";
  CHECK(collector.entries == expected);
  finish(rig, collector);
  rig.settle();
}

TEST_CASE("StoreScan: reads those that hold the keys while a node is filled again",
          "[coordinator][scan]") {
  Rig rig(4, {}, 2);
  TestClient client(rig);
  const Entries then = fill(rig, client, 600);
  lose(rig, 1);
  rig.settle();
  return_worker(rig, 1);
  for (int turns = GENERATE(0, 1, 3, 10, 30); turns > 0; --turns)
    rig.turn();
  Collector collector;
  rig.service.scans.begin(collector);
  finish(rig, collector);
  CHECK_FALSE(collector.failure);
  CHECK(collector.entries == then);
  while (rig.cluster.busy())
    rig.turn();
}

TEST_CASE("StoreScan: a node that is lost while it is read ends it", "[coordinator][scan]") {
  const std::size_t replicas = GENERATE(1U, 2U);
  Rig rig(3, {}, replicas);
  TestClient client(rig);
  fill(rig, client, 600);
  for (int round = 0; round < 20; ++round) {
    // Again and again: nothing may stay open at the others.
    Collector collector;
    rig.service.scans.begin(collector);
    rig.turn();
    lose(rig, 2);
    finish(rig, collector);
    CHECK(collector.failure == errc::node_down);
    return_worker(rig, 2);
    while (rig.cluster.busy())
      rig.turn();
  }
  Collector collector;
  rig.service.scans.begin(collector);
  finish(rig, collector);
  CHECK_FALSE(collector.failure);
}

TEST_CASE("StoreScan: does not begin when nobody holds some of the keys", "[coordinator][scan]") {
  Rig rig(3);
  lose(rig, 0);
  rig.settle();
  Collector collector;
  rig.service.scans.begin(collector);
  CHECK(collector.ended);
  CHECK(collector.failure == errc::node_down);
  finish(rig, collector);
}

TEST_CASE("StoreScan: asks for nothing while the consumer has no room", "[coordinator][scan]") {
  Rig rig(2);
  TestClient client(rig);
  const Entries then = fill(rig, client, 300);
  Collector collector;
  collector.room = false;
  rig.service.scans.begin(collector);
  for (int i = 0; i < 50; ++i)
    rig.turn();
  CHECK(collector.pages == 0);
  collector.room = true;
  finish(rig, collector);
  CHECK(collector.entries == then);
}

TEST_CASE("StoreScan: what fails for a while is asked for again", "[coordinator][scan]") {
  Rig rig(1);
  TestClient client(rig);
  const Entries then = fill(rig, client, 50);
  Collector collector;
  rig.service.scans.begin(collector);
  rig.turn();
  rig.transport.by_hand();
  while (rig.transport.replies(0) == 0) {
    rig.turn();
    static_cast<void>(rig.transport.run(0));
  }
  rig.transport.fail_reply(0, errc::out_of_memory);
  rig.transport.let_go();
  finish(rig, collector);
  CHECK_FALSE(collector.failure);
  CHECK(collector.entries == then);
}

TEST_CASE("VIEW: shows all keys as they were, a page at a time", "[coordinator][view]") {
  Rig rig(2);
  TestClient client(rig);
  client.send("SET a 1\r\nSET b 2\r\n");
  rig.settle();
  client.take();
  client.send("VIEW OPEN\r\nSET a 3\r\nVIEW NEXT\r\nVIEW NEXT\r\nVIEW NEXT\r\nVIEW NEXT\r\n");
  for (int i = 0; i < 20; ++i)
    rig.turn();
  const std::string answers = client.take();
  CHECK(answers.starts_with("+OK\r\n+OK\r\n*"));
  CHECK(answers.find("\r\n" + bulk("a") + bulk("1") + ":") != std::string::npos);
  CHECK(answers.find("\r\n" + bulk("b") + bulk("2") + ":") != std::string::npos);
  CHECK(answers.ends_with("*0\r\n*0\r\n"));
  client.send("VIEW CLOSE\r\nVIEW CLOSE\r\nVIEW NEXT\r\n");
  CHECK(client.take().starts_with("+OK\r\n+OK\r\n-ERR this connection has no view"));
}

TEST_CASE("VIEW: is one for each connection, and few in all", "[coordinator][view]") {
  Rig rig(2);
  TestClient first(rig, 1);
  TestClient second(rig, 2);
  first.send("VIEW OPEN\r\nVIEW OPEN\r\nVIEW WHAT\r\n");
  CHECK(first.take() ==
        "+OK\r\n-ERR this connection has a view open: close it first\r\n"
        "-ERR unknown subcommand 'WHAT'. Try VIEW HELP.\r\n");
  std::vector<std::unique_ptr<TestClient>> others;
  for (std::size_t i = 1; i < StoreScans::most_scans; ++i) {
    others.push_back(std::make_unique<TestClient>(rig, 10 + i));
    others.back()->send("VIEW OPEN\r\n");
    CHECK(others.back()->take() == "+OK\r\n");
  }
  second.send("VIEW OPEN\r\n");
  CHECK(second.take().starts_with("-BUSY "));
  others.clear();  // what they had open goes with them
  for (int i = 0; i < 20; ++i)
    rig.turn();
  second.send("VIEW OPEN\r\nVIEW NEXT\r\n");
  for (int i = 0; i < 20; ++i)
    rig.turn();
  CHECK(second.take() == "+OK\r\n*0\r\n");
}

TEST_CASE("VIEW: a client that goes while it waits is answered and forgotten",
          "[coordinator][view]") {
  Rig rig(2);
  rig.transport.by_hand();
  {
    TestClient client(rig);
    client.send("VIEW OPEN\r\nVIEW NEXT\r\nVIEW NEXT\r\n");
    CHECK_FALSE(client.conversation.drained());
    client.conversation.discard_output();
    CHECK(client.conversation.drained());
  }
  rig.transport.let_go();
  for (int i = 0; i < 20; ++i)
    rig.turn();
  CHECK_FALSE(rig.service.scans.busy());
}

TEST_CASE("VIEW: the loss of a node is told to all questions that wait", "[coordinator][view]") {
  Rig rig(2);
  TestClient client(rig);
  client.send("SET a 1\r\n");
  rig.settle();
  client.take();
  rig.transport.by_hand();
  client.send("VIEW OPEN\r\nVIEW NEXT\r\nVIEW NEXT\r\n");
  rig.turn();
  lose(rig, 0);
  rig.transport.let_go();
  for (int i = 0; i < 20; ++i)
    rig.turn();
  const std::string answers = client.take();
  CHECK(answers.find("-NODEDOWN ") != std::string::npos);
  CHECK(answers.find("-NODEDOWN ", answers.find("-NODEDOWN ") + 1) != std::string::npos);
}
