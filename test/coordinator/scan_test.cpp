#include "coordinator/key_listing.hpp"
#include "coordinator/recorded.hpp"
#include "protocol/reply_parser.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace pkv;
using namespace std::chrono_literals;
using test::Rig;
using test::TestClient;

namespace {

constexpr std::size_t two_replicas = 2;

// What redis-server 7.0.15 answers to these.
constexpr test::Exchange recorded[] = {
    {"SCAN 0", "*2\r\n$1\r\n0\r\n*0\r\n"},
    {"SCAN", "-ERR wrong number of arguments for 'scan' command\r\n"},
    {"SCAN x", "-ERR invalid cursor\r\n"},
    {"SCAN \" 0\"", "-ERR invalid cursor\r\n"},
    {"SCAN 1.5", "-ERR invalid cursor\r\n"},
    {"SCAN 18446744073709551616", "-ERR invalid cursor\r\n"},
    {"SCAN 0 MATCH", "-ERR syntax error\r\n"},
    {"SCAN 0 TYPE", "-ERR syntax error\r\n"},
    {"SCAN 0 FOO 1", "-ERR syntax error\r\n"},
    {"SCAN 0 COUNT 0", "-ERR syntax error\r\n"},
    {"SCAN 0 COUNT -5", "-ERR syntax error\r\n"},
    {"SCAN 0 COUNT x", "-ERR value is not an integer or out of range\r\n"},
    {"SCAN 0 COUNT 9223372036854775808", "-ERR value is not an integer or out of range\r\n"},
    {"SET k1 v", "+OK\r\n"},
    {"SCAN 0 count 100 match k?", "*2\r\n$1\r\n0\r\n*1\r\n$2\r\nk1\r\n"},
    {"SCAN 0 COUNT 100 TYPE string", "*2\r\n$1\r\n0\r\n*1\r\n$2\r\nk1\r\n"},
    {"SCAN 0 COUNT 100 TYPE hash", "*2\r\n$1\r\n0\r\n*0\r\n"},
    {"SCAN 0 COUNT 100 MATCH x", "*2\r\n$1\r\n0\r\n*0\r\n"},
    {"SCAN 0 COUNT 100 MATCH x MATCH k*", "*2\r\n$1\r\n0\r\n*1\r\n$2\r\nk1\r\n"},
    {"SCAN 00 COUNT 100", "*2\r\n$1\r\n0\r\n*1\r\n$2\r\nk1\r\n"},
    {"SCAN 18446744073709551615", "*2\r\n$1\r\n0\r\n*0\r\n"},
    {"KEYS", "-ERR wrong number of arguments for 'keys' command\r\n"},
};

void put_keys(Rig& rig, TestClient& client, int count) {
  for (int i = 0; i < count; ++i)
    client.send("SET key" + std::to_string(i) + " v\r\n");
  rig.settle();
  client.take();
}

struct Page {
  std::string cursor;
  std::vector<std::string> keys;
};

Page read_page(const std::string& received) {
  CAPTURE(received);
  ReplyParser parser;
  REQUIRE(parser.next(received).status == ParseStatus::complete);
  const Reply reply = parser.take();
  REQUIRE(reply.is_array());
  REQUIRE(reply.elements().size() == 2);
  Page page{std::string(reply.elements()[0].text()), {}};
  for (const Reply& key : reply.elements()[1].elements())
    page.keys.emplace_back(key.text());
  return page;
}

Page scan(Rig& rig, TestClient& client, const std::string& cursor, const std::string& options) {
  client.send("SCAN " + cursor + " " + options + "\r\n");
  rig.settle();
  return read_page(client.take());
}

/// All keys, in the order in which they come.
std::vector<std::string> walk(Rig& rig, TestClient& client, const std::string& options,
                              std::string cursor = "0") {
  std::vector<std::string> keys;
  do {
    const Page page = scan(rig, client, cursor, options);
    keys.insert(keys.end(), page.keys.begin(), page.keys.end());
    cursor = page.cursor;
  } while (cursor != "0");
  return keys;
}

bool has_each_once(const std::vector<std::string>& keys, int count) {
  const std::set<std::string> different(keys.begin(), keys.end());
  for (int i = 0; i < count; ++i)
    if (!different.contains("key" + std::to_string(i))) return false;
  return keys.size() == static_cast<std::size_t>(count) && different.size() == keys.size();
}

}  // namespace

TEST_CASE("Scan: is answered as Redis answers where that is no matter of chance",
          "[coordinator][scan]") {
  Rig rig(3, {}, GENERATE(1U, 2U));
  TestClient client(rig);
  check_one_by_one(rig, client, recorded);
  client.send("FLUSHALL\r\n");
  rig.settle();
  client.take();
  check_in_pipeline(rig, client, recorded);
}

TEST_CASE("Scan: a walk has each key once, whatever the pages", "[coordinator][scan]") {
  const std::size_t nodes = GENERATE(1U, 3U, 8U);
  const std::size_t replicas = GENERATE(1U, 3U);
  CAPTURE(nodes, replicas);
  Rig rig(nodes, {}, replicas);
  TestClient client(rig);
  constexpr int count = 500;
  put_keys(rig, client, count);
  for (const char* const options : {"", "COUNT 1", "COUNT 7", "COUNT 100", "COUNT 1000000000"}) {
    CAPTURE(options);
    CHECK(has_each_once(walk(rig, client, options), count));
  }
  CHECK(walk(rig, client, "MATCH key1?").size() == 10);
  CHECK(walk(rig, client, "MATCH key1? COUNT 1").size() == 10);
  CHECK(walk(rig, client, "MATCH none COUNT 100").empty());
}

TEST_CASE("Scan: COUNT is about what a call looks at", "[coordinator][scan]") {
  const std::size_t replicas = GENERATE(1U, 2U);
  CAPTURE(replicas);
  Rig rig(4, {}, replicas);
  TestClient client(rig);
  put_keys(rig, client, 4'000);
  std::size_t keys = 0;
  for (int call = 0; call < 20; ++call)  // some of which may be short, as of a limit in time
    keys = std::max(keys, scan(rig, client, "0", "COUNT 1000").keys.size());
  CHECK(keys > 500);
  CHECK(keys < 1'500);
  const Page page = scan(rig, client, "0", "COUNT 1000 MATCH none");
  CHECK(page.keys.empty());
  CHECK(std::stoull(page.cursor) < wire::scan_end / 2);
}

TEST_CASE("Scan: what has expired is not there", "[coordinator][scan]") {
  Rig rig(3, {}, two_replicas);
  TestClient client(rig);
  put_keys(rig, client, 50);
  for (int i = 50; i < 100; ++i)
    client.send("SET key" + std::to_string(i) + " v PX 1000\r\n");
  rig.settle();
  client.take();
  CHECK(has_each_once(walk(rig, client, ""), 100));
  rig.coordinator.put_clock_forward(1s);
  CHECK(has_each_once(walk(rig, client, ""), 50));
}

TEST_CASE("Scan: sees what the client has written before, and nothing behind",
          "[coordinator][scan]") {
  Rig rig(3, {}, two_replicas);
  TestClient client(rig);
  client.send("SET key0 v\r\nSCAN 0 COUNT 100\r\nDEL key0\r\nSCAN 0 COUNT 100\r\nSET key1 v\r\n");
  rig.settle();
  CHECK(client.take() ==
        "+OK\r\n*2\r\n$1\r\n0\r\n*1\r\n$4\r\nkey0\r\n:1\r\n*2\r\n$1\r\n0\r\n*0\r\n+OK\r\n");
}

TEST_CASE("Scan: a node that dies during a call is made up for", "[coordinator][scan]") {
  Rig rig(4, {}, two_replicas);
  TestClient client(rig);
  put_keys(rig, client, 300);
  rig.transport.by_hand();
  const std::size_t victim = GENERATE(0U, 1U, 2U, 3U);
  CAPTURE(victim);
  client.send("SCAN 0 COUNT 10000\r\n");
  rig.turn();
  for (std::size_t worker = 0; worker < 4; ++worker)
    if (worker != victim) answer(rig, worker);
  rig.turn();
  CHECK(client.take().empty());
  lose(rig, victim);
  rig.transport.let_go();
  rig.settle();
  // On a busy machine a page may be short: nodes work on it for a limited time.
  const Page page = read_page(client.take());
  std::vector<std::string> keys = page.keys;
  if (page.cursor != "0") {
    const std::vector<std::string> rest = walk(rig, client, "COUNT 10000", page.cursor);
    keys.insert(keys.end(), rest.begin(), rest.end());
  }
  CHECK(has_each_once(keys, 300));
}

TEST_CASE("Scan: keys that nobody holds any more cannot be listed", "[coordinator][scan]") {
  Rig rig(3);
  TestClient client(rig);
  put_keys(rig, client, 50);
  lose(rig, 1);
  client.send("SCAN 0\r\n");
  rig.settle();
  CHECK(client.take().starts_with("-NODEDOWN "));
  return_worker(rig, 1);
  while (rig.cluster.busy())
    rig.turn();
  // The process is another one, which has been told nothing yet.
  CHECK(walk(rig, client, "COUNT 5").size() < 50);
}

TEST_CASE("Scan: a failure is told, and the next call goes on", "[coordinator][scan]") {
  Rig rig(2);
  TestClient client(rig);
  put_keys(rig, client, 50);
  rig.transport.by_hand();
  client.send("SCAN 0 COUNT 1000\r\n");
  rig.turn();
  REQUIRE(rig.transport.run(0));
  rig.transport.fail_reply(0, errc::out_of_memory);
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take().starts_with("-OOM "));
  CHECK(has_each_once(walk(rig, client, "COUNT 5"), 50));
}

TEST_CASE("Scan: KEYS points to it, and patterns have a limit", "[coordinator][scan]") {
  Rig rig;
  TestClient client(rig);
  client.send("KEYS *\r\nSCAN 0 MATCH " + std::string(1'024, 'p') + "\r\n");
  client.send("SCAN 0 MATCH " + std::string(1'025, 'p') + "\r\n");
  rig.settle();
  const std::string received = client.take();
  CHECK(received.starts_with("-ERR KEYS "));
  CHECK(received.find("use SCAN") != std::string::npos);
  CHECK(received.find("$1\r\n0\r\n*0\r\n") != std::string::npos);
  CHECK(received.ends_with("-ERR a pattern has at most 1024 bytes\r\n"));
}

TEST_CASE("Scan: a client that is gone is not waited for", "[coordinator][scan]") {
  Rig rig;
  TestClient client(rig);
  put_keys(rig, client, 50);
  rig.transport.by_hand();
  client.send("SCAN 0 COUNT 1000\r\n");
  rig.turn();
  client.conversation.discard_output();
  rig.transport.let_go();
  rig.settle();
  CHECK(client.conversation.drained());
  CHECK(client.take().empty());
}

TEST_CASE("Scan: waits for room at the nodes that it asks", "[coordinator][scan]") {
  Limits limits;
  limits.max_worker_queue_bytes = 1'000;
  Rig rig(2, limits);
  TestClient client(rig);
  rig.transport.by_hand();
  const std::string key = test::fill_queue(rig, client, 1);
  CHECK(client.send("SCAN 0 COUNT 100\r\n") == Conversation::Progress::paused);
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take().ends_with("*1\r\n" + test::bulk(key)));
}

TEST_CASE("Scan: a walk has each key that stays, once, while nodes come, go and change",
          "[coordinator][scan]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  constexpr std::size_t workers = 5;
  constexpr int staying = 200;
  constexpr auto nobody = static_cast<std::size_t>(-1);
  Rig rig(workers, {}, two_replicas);
  TestClient writer(rig, 1);
  TestClient reader(rig, 2);
  TestClient administrator(rig, 3);
  put_keys(rig, writer, staying);
  rig.transport.by_hand();
  const auto all_up = [&] {
    for (std::size_t worker = 0; worker < workers; ++worker)
      if (rig.cluster.state(worker) != Cluster::State::up) return false;
    return true;
  };
  std::size_t away = nobody;
  const auto disturb = [&] {
    const auto choice = random() % 100;
    if (choice < 20) {
      const std::string key = "passing" + std::to_string(random() % 100);
      writer.send((random() % 2 == 0 ? "SET " + key + " v" : "DEL " + key) + "\r\n");
    } else if (choice < 90) {
      for (auto steps = random() % 8; steps > 0; --steps)
        if (!rig.transport.step(random)) break;
      rig.turn();
    } else if (away != nobody) {
      return_worker(rig, away);
      away = nobody;
    } else if (choice < 93 && all_up()) {
      away = random() % workers;
      lose(rig, away);
    } else if (choice < 96) {
      static constexpr std::array changes{"DRAIN ", "RESTORE ", "WEIGHT ", "RESTORE "};
      const std::size_t change = all_up() ? random() % changes.size() : 1;
      administrator.send("NODE " + (changes[change] + std::to_string(1 + random() % workers)) +
                         (change == 2 ? " 1.5\r\n" : "\r\n"));
    }
  };
  for (int round = 0; round < 15; ++round) {
    std::multiset<std::string> found;
    std::string cursor = "0";
    do {
      reader.send("SCAN " + cursor + " COUNT " + std::to_string(1 + random() % 40) + "\r\n");
      for (int step = 0; reader.received.empty(); ++step) {
        REQUIRE(step < 1'000'000);
        disturb();
      }
      const Page page = read_page(reader.take());
      found.insert(page.keys.begin(), page.keys.end());
      cursor = page.cursor;
    } while (cursor != "0");
    for (int i = 0; i < staying; ++i)
      REQUIRE(found.count("key" + std::to_string(i)) == 1);
    for (const std::string& key : found)
      REQUIRE(found.count(key) == 1);
  }
  rig.transport.let_go();
  if (away != nobody) return_worker(rig, away);
  rig.settle();
}
