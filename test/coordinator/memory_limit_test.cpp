#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace pkv;
using test::bulk;
using test::encoded;
using test::Rig;
using test::TestClient;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr std::size_t kib = std::size_t{1} << 10;
const std::string refusal = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

Rig limited_rig(std::size_t nodes, std::size_t replicas, std::size_t max_memory) {
  return Rig(nodes, {}, replicas, 0, {}, max_memory);
}

std::uint64_t info_number(Rig& rig, TestClient& client, const std::string& name) {
  const std::string text = ask_words(rig, client, {"INFO", "memory"});
  const std::size_t at = text.find("\n" + name + ":");
  REQUIRE(at != std::string::npos);
  return std::stoull(text.substr(at + name.size() + 2));
}

/// Sets keys of `bytes` each until one is refused; returns how many were taken.
std::size_t fill(Rig& rig, TestClient& client, std::size_t bytes, const std::string& prefix = "f") {
  const std::string value(bytes, 'v');
  for (std::size_t i = 0;; ++i) {
    const std::string answer = ask_words(rig, client, {"SET", prefix + std::to_string(i), value});
    if (answer == refusal) return i;
    REQUIRE(answer == "+OK\r\n");
  }
}

/// A key that the first worker holds, and that is not there.
std::string absent_key(const Rig& rig) {
  return rig.key_of(0, 7);
}

}  // namespace

TEST_CASE("Memory limit: a full store refuses what may grow, and nothing else",
          "[coordinator][memory]") {
  const auto nodes = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{4});
  const auto replicas = GENERATE(std::size_t{1}, std::size_t{2});
  CAPTURE(nodes, replicas);
  Rig rig = limited_rig(nodes, replicas, 4 * mib);
  TestClient client(rig);
  const std::size_t taken = fill(rig, client, kib);
  CHECK(info_number(rig, client, "used_memory") <= 4 * mib);
  // The fullest node decides; a ring of so few nodes is not quite even.
  CHECK(info_number(rig, client, "used_memory") > 4 * mib * 8 / 10);
  CHECK(info_number(rig, client, "maxmemory") == 4 * mib);
  const std::string full = "f" + std::to_string(taken);  // that which was refused
  const std::string long_value(kib, 'x');

  CHECK(ask_words(rig, client, {"SET", full, long_value}) == refusal);
  CHECK(ask_words(rig, client, {"SETNX", full, long_value}) == refusal);
  CHECK(ask_words(rig, client, {"GETSET", full, long_value}) == refusal);
  CHECK(ask_words(rig, client, {"APPEND", full, long_value}) == refusal);
  CHECK(ask_words(rig, client, {"C", full, long_value}) == refusal);
  CHECK(ask_words(rig, client, {"U", full, long_value}) == refusal);
  CHECK(ask_words(rig, client, {"MSET", full, long_value, "f0", long_value}) == refusal);
  CHECK(ask_words(rig, client, {"EXISTS", full}) == ":0\r\n");
  CHECK(ask_words(rig, client, {"GET", "f0"}) == bulk(std::string(kib, 'v')));
  CHECK(ask_words(rig, client, {"MGET", "f1", full}) ==
        "*2\r\n" + bulk(std::string(kib, 'v')) + "$-1\r\n");
  CHECK(ask_words(rig, client, {"DBSIZE"}) == ":" + std::to_string(taken) + "\r\n");
  CHECK(ask_words(rig, client, {"GETDEL", "f0"}) == bulk(std::string(kib, 'v')));
  CHECK(ask_words(rig, client, {"D", "f1"}) == "+OK\r\n");
  CHECK(rig.coordinator.statistics().node[0].failures == 0);
}

TEST_CASE("Memory limit: what is deleted makes room", "[coordinator][memory]") {
  Rig rig = limited_rig(4, 2, 4 * mib);
  TestClient client(rig);
  const std::size_t taken = fill(rig, client, kib);
  std::vector<std::string> del{"DEL"};
  for (std::size_t i = 0; i < taken / 2; ++i)
    del.push_back("f" + std::to_string(i));
  CHECK(ask_words(rig, client, del) == ":" + std::to_string(taken / 2) + "\r\n");
  const std::size_t again = fill(rig, client, kib, "again");
  CHECK(again > taken / 3);
  CHECK(info_number(rig, client, "used_memory") <= 4 * mib);
  CHECK(ask_words(rig, client, {"FLUSHALL"}) == "+OK\r\n");
  CHECK(ask_words(rig, client, {"SET", "f0", "v"}) == "+OK\r\n");
}

TEST_CASE("Memory limit: thousands of writes sent at once stay below it", "[coordinator][memory]") {
  const auto replicas = GENERATE(std::size_t{1}, std::size_t{3});
  Rig rig = limited_rig(4, replicas, 4 * mib);
  TestClient client(rig);
  std::string all;
  for (std::size_t i = 0; i < 10'000; ++i)
    all += encoded({"SET", "key" + std::to_string(i), std::string(kib, 'v')});
  client.send(all);
  rig.settle();
  const std::string answers = client.take();
  const auto count = [&answers](const std::string& of) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = answers.find(of, at)) != std::string::npos; ++found)
      at += of.size();
    return found;
  };
  CHECK(count("+OK\r\n") + count(refusal) == 10'000);
  CHECK(count("+OK\r\n") > 2'000 / replicas);
  CHECK(info_number(rig, client, "used_memory") <= 4 * mib);
  CHECK(ask_words(rig, client, {"DBSIZE"}) == ":" + std::to_string(count("+OK\r\n")) + "\r\n");
}

TEST_CASE("Memory limit: a command on several nodes happens as a whole or not at all",
          "[coordinator][memory]") {
  Rig rig = limited_rig(2, 1, 4 * mib);
  TestClient client(rig);
  // Either fits, both do not; and one part fits its node, the other does not.
  const std::string half(mib + mib / 4, 'h');
  const std::vector<std::string> two{"MSET", rig.key_of(0, 0), half, rig.key_of(0, 1), half};
  CHECK(ask_words(rig, client, two) == refusal);
  const std::vector<std::string> uneven{"MSET", rig.key_of(1), "v", rig.key_of(0), half + half};
  CHECK(ask_words(rig, client, uneven) == refusal);
  CHECK(ask_words(rig, client, {"DBSIZE"}) == ":0\r\n");
  const std::vector<std::string> even{"MSET", rig.key_of(1), half, rig.key_of(0), half};
  CHECK(ask_words(rig, client, even) == "+OK\r\n");
}

TEST_CASE("Memory limit: values of 64 MiB up to the border", "[coordinator][memory]") {
  Rig rig = limited_rig(1, 1, 150 * mib);
  TestClient client(rig);
  const std::string large(64 * mib, 'l');
  CHECK(ask_words(rig, client, {"SET", "a", large}) == "+OK\r\n");
  CHECK(ask_words(rig, client, {"SET", "b", large}) == "+OK\r\n");
  CHECK(ask_words(rig, client, {"SET", "c", large}) == refusal);
  CHECK(ask_words(rig, client, {"SET", "c", "small"}) == "+OK\r\n");
  CHECK(ask_words(rig, client, {"GET", "b"}) == bulk(large));
  CHECK(info_number(rig, client, "used_memory") <= 150 * mib);
  CHECK(ask_words(rig, client, {"DEL", "a"}) == ":1\r\n");
  CHECK(ask_words(rig, client, {"SET", "c", large}) == "+OK\r\n");
}

TEST_CASE("Memory limit: copying to a worker that returns goes on", "[coordinator][memory]") {
  Rig rig = limited_rig(3, 2, 6 * mib);
  TestClient client(rig);
  const std::size_t taken = fill(rig, client, kib);
  test::lose(rig, 1);
  test::return_worker(rig, 1);
  while (rig.cluster.busy())
    rig.turn();
  CHECK(rig.coordinator.transfers().idle());
  for (std::size_t i = 0; i < taken; ++i)
    REQUIRE(ask_words(rig, client, {"STRLEN", "f" + std::to_string(i)}) == ":1024\r\n");
  const std::string key = "f" + std::to_string(taken);
  CHECK(ask_words(rig, client, {"SET", key, std::string(kib, 'v')}) == refusal);
  CHECK(rig.coordinator.is_quiet(1));
}

TEST_CASE(
    "Memory limit: while the ring changes, nobody is refused what the whole store has room for",
    "[coordinator][memory]") {
  Rig rig = limited_rig(3, 1, 3 * mib);
  TestClient client(rig);
  std::size_t next = 0;
  const auto set_some = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      REQUIRE(ask_words(rig, client,
                        {"SET", "k" + std::to_string(next++), std::string(kib, 'v')}) == "+OK\r\n");
  };
  set_some(1'800);  // two thirds, and more than two of three nodes could hold in equal shares
  const std::vector<std::vector<std::string>> changes{
      {"NODE", "DRAIN", "3"}, {"NODE", "RESTORE", "3"}, {"NODE", "WEIGHT", "2", "0.8"}};
  for (const auto& change : changes) {
    CAPTURE(change);
    CHECK(ask_words(rig, client, change) == "+OK\r\n");
    set_some(20);
    while (rig.cluster.busy())
      rig.turn();
    set_some(20);
  }
  CHECK(ask_words(rig, client, {"DBSIZE"}) == ":" + std::to_string(next) + "\r\n");
}

TEST_CASE("Memory limit: no limit is the default", "[coordinator][memory]") {
  Rig rig(2);
  TestClient client(rig);
  CHECK(ask_words(rig, client, {"SET", absent_key(rig), std::string(8 * mib, 'v')}) == "+OK\r\n");
  CHECK(info_number(rig, client, "maxmemory") == 0);
  CHECK(ask_words(rig, client, {"INFO", "memory"}).find("maxmemory_node") == std::string::npos);
  CHECK(ask_words(rig, client, {"CONFIG", "GET", "maxmemory"}) ==
        "*2\r\n" + bulk("maxmemory") + bulk("0"));
}

TEST_CASE("Memory limit: is shown as a whole and by node", "[coordinator][memory]") {
  Rig rig = limited_rig(4, 1, 8 * mib);
  TestClient client(rig);
  CHECK(ask_words(rig, client, {"SET", rig.key_of(2), std::string(mib, 'v')}) == "+OK\r\n");
  CHECK(info_number(rig, client, "maxmemory") == 8 * mib);
  CHECK(info_number(rig, client, "maxmemory_node_3") == 2 * mib);
  CHECK(info_number(rig, client, "used_memory_node_3") > mib);
  CHECK(info_number(rig, client, "used_memory_node_1") < mib);
  CHECK(ask_words(rig, client, {"CONFIG", "GET", "maxmemory"}) ==
        "*2\r\n" + bulk("maxmemory") + bulk(std::to_string(8 * mib)));
}
