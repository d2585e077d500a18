#include "coordinator/recorded.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

using namespace pkv;
using namespace std::chrono_literals;
using test::bulk;
using test::encoded;
using test::Rig;
using test::TestClient;

namespace {

// What redis-server 7.0.15 answers to these, one after the other. 4102444800 is the year 2100.
constexpr test::Exchange recorded[] = {
    {"SET k v EX 100", "+OK\r\n"},
    {"TTL k", ":100\r\n"},
    {"SET k v", "+OK\r\n"},
    {"TTL k", ":-1\r\n"},
    {"TTL missing", ":-2\r\n"},
    {"PTTL k", ":-1\r\n"},
    {"PTTL missing", ":-2\r\n"},
    {"EXPIRETIME k", ":-1\r\n"},
    {"PEXPIRETIME missing", ":-2\r\n"},
    {"SET k v PXAT 4102444800123", "+OK\r\n"},
    {"PEXPIRETIME k", ":4102444800123\r\n"},
    {"EXPIRETIME k", ":4102444800\r\n"},
    {"SET k w XX KEEPTTL", "+OK\r\n"},
    {"PEXPIRETIME k", ":4102444800123\r\n"},
    {"SET k w NX EX 5", "$-1\r\n"},
    {"PEXPIRETIME k", ":4102444800123\r\n"},
    {"SET k v EXAT 4102444800", "+OK\r\n"},
    {"PEXPIRETIME k", ":4102444800000\r\n"},
    {"SET k x GET KEEPTTL", "$1\r\nv\r\n"},
    {"PEXPIRETIME k", ":4102444800000\r\n"},
    {"SET k v px 100000 nx", "$-1\r\n"},
    {"SET k v EX 10 PX 10", "-ERR syntax error\r\n"},
    {"SET k v EX 10 EX 100", "+OK\r\n"},
    {"TTL k", ":100\r\n"},
    {"SET k v EX 10 KEEPTTL", "-ERR syntax error\r\n"},
    {"SET k v KEEPTTL EX 10", "-ERR syntax error\r\n"},
    {"SET k v PERSIST", "-ERR syntax error\r\n"},
    {"SET k v EX", "-ERR syntax error\r\n"},
    {"SET k v EX 0", "-ERR invalid expire time in 'set' command\r\n"},
    {"SET k v EX -1", "-ERR invalid expire time in 'set' command\r\n"},
    {"SET k v PX 0", "-ERR invalid expire time in 'set' command\r\n"},
    {"SET k v EXAT 0", "-ERR invalid expire time in 'set' command\r\n"},
    {"SET k v PXAT -5", "-ERR invalid expire time in 'set' command\r\n"},
    {"SET k v EX abc", "-ERR value is not an integer or out of range\r\n"},
    {"SET k v EX 9223372036854775807", "-ERR invalid expire time in 'set' command\r\n"},
    {"SET k v EX 9223372036854775808", "-ERR value is not an integer or out of range\r\n"},
    {"SET k v PX 9223372036854775807", "-ERR invalid expire time in 'set' command\r\n"},
    {"SET k v PXAT 9223372036854775807", "+OK\r\n"},
    {"PEXPIRETIME k", ":9223372036854775807\r\n"},
    {"SET k v PXAT 1", "+OK\r\n"},
    {"GET k", "$-1\r\n"},
    {"EXISTS k", ":0\r\n"},
    {"SETEX k 100 v", "+OK\r\n"},
    {"TTL k", ":100\r\n"},
    {"SETEX k 0 v", "-ERR invalid expire time in 'setex' command\r\n"},
    {"SETEX k -1 v", "-ERR invalid expire time in 'setex' command\r\n"},
    {"SETEX k x v", "-ERR value is not an integer or out of range\r\n"},
    {"SETEX k 100", "-ERR wrong number of arguments for 'setex' command\r\n"},
    {"PSETEX k 100000 v", "+OK\r\n"},
    {"TTL k", ":100\r\n"},
    {"PSETEX k 0 v", "-ERR invalid expire time in 'psetex' command\r\n"},
    {"PSETEX k 1.5 v", "-ERR value is not an integer or out of range\r\n"},
    {"PERSIST k", ":1\r\n"},
    {"PERSIST k", ":0\r\n"},
    {"PERSIST missing", ":0\r\n"},
    {"TTL k", ":-1\r\n"},
    {"EXPIRE k 100", ":1\r\n"},
    {"TTL k", ":100\r\n"},
    {"EXPIRE missing 100", ":0\r\n"},
    {"EXPIRE k 100 NX", ":0\r\n"},
    {"EXPIRE k 200 XX", ":1\r\n"},
    {"TTL k", ":200\r\n"},
    {"EXPIRE k 100 GT", ":0\r\n"},
    {"EXPIRE k 300 GT", ":1\r\n"},
    {"TTL k", ":300\r\n"},
    {"EXPIRE k 400 LT", ":0\r\n"},
    {"EXPIRE k 50 LT", ":1\r\n"},
    {"TTL k", ":50\r\n"},
    {"PERSIST k", ":1\r\n"},
    {"EXPIRE k 100 XX", ":0\r\n"},
    {"EXPIRE k 100 GT", ":0\r\n"},
    {"EXPIRE k 100 LT", ":1\r\n"},
    {"TTL k", ":100\r\n"},
    {"EXPIRE k 200 XX GT", ":1\r\n"},
    {"EXPIRE k 200 XX LT", ":0\r\n"},
    {"EXPIRE k 100 NX XX",
     "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n"},
    {"EXPIRE k 100 NX GT",
     "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n"},
    {"EXPIRE k 100 LT NX",
     "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n"},
    {"EXPIRE k 100 GT LT", "-ERR GT and LT options at the same time are not compatible\r\n"},
    {"EXPIRE k 100 FOO", "-ERR Unsupported option FOO\r\n"},
    {"EXPIRE k 100 nx", ":0\r\n"},
    {"EXPIRE k x", "-ERR value is not an integer or out of range\r\n"},
    {"EXPIRE k 9223372036854775807", "-ERR invalid expire time in 'expire' command\r\n"},
    {"EXPIRE k -9223372036854775808", "-ERR invalid expire time in 'expire' command\r\n"},
    {"EXPIRE k 9223372036854775", "-ERR invalid expire time in 'expire' command\r\n"},
    {"PEXPIRE k 9223372036854775807", "-ERR invalid expire time in 'pexpire' command\r\n"},
    {"PEXPIREAT k 9223372036854775807", ":1\r\n"},
    {"PEXPIRETIME k", ":9223372036854775807\r\n"},
    {"EXPIREAT k 9223372036854775807", "-ERR invalid expire time in 'expireat' command\r\n"},
    {"EXPIRE k", "-ERR wrong number of arguments for 'expire' command\r\n"},
    {"EXPIRE", "-ERR wrong number of arguments for 'expire' command\r\n"},
    {"PEXPIRE k 100000", ":1\r\n"},
    {"TTL k", ":100\r\n"},
    {"PEXPIRE k abc", "-ERR value is not an integer or out of range\r\n"},
    {"EXPIREAT k 4102444800", ":1\r\n"},
    {"EXPIRETIME k", ":4102444800\r\n"},
    {"PEXPIREAT k 4102444800999", ":1\r\n"},
    {"EXPIRETIME k", ":4102444801\r\n"},
    {"PEXPIRETIME k", ":4102444800999\r\n"},
    {"EXPIREAT k 1 XX", ":1\r\n"},
    {"EXISTS k", ":0\r\n"},
    {"SET k v", "+OK\r\n"},
    {"PEXPIREAT k 0", ":1\r\n"},
    {"GET k", "$-1\r\n"},
    {"SET k v", "+OK\r\n"},
    {"EXPIRE k -1", ":1\r\n"},
    {"GET k", "$-1\r\n"},
    {"SET k v EX 100", "+OK\r\n"},
    {"APPEND k w", ":2\r\n"},
    {"TTL k", ":100\r\n"},
    {"GETSET k x", "$2\r\nvw\r\n"},
    {"TTL k", ":-1\r\n"},
    {"SET n 5 EX 100", "+OK\r\n"},
    {"INCR n", ":6\r\n"},
    {"TTL n", ":100\r\n"},
    {"DECRBY n 3", ":3\r\n"},
    {"TTL n", ":100\r\n"},
    {"MSET n 7", "+OK\r\n"},
    {"TTL n", ":-1\r\n"},
    {"SETNX fresh v", ":1\r\n"},
    {"TTL fresh", ":-1\r\n"},
    {"SET k v EX 100", "+OK\r\n"},
    {"GETEX k", "$1\r\nv\r\n"},
    {"TTL k", ":100\r\n"},
    {"GETEX k PERSIST", "$1\r\nv\r\n"},
    {"TTL k", ":-1\r\n"},
    {"GETEX k EX 100", "$1\r\nv\r\n"},
    {"TTL k", ":100\r\n"},
    {"GETEX k PX 200000", "$1\r\nv\r\n"},
    {"TTL k", ":200\r\n"},
    {"GETEX k EXAT 4102444800", "$1\r\nv\r\n"},
    {"EXPIRETIME k", ":4102444800\r\n"},
    {"GETEX k PXAT 4102444800500", "$1\r\nv\r\n"},
    {"PEXPIRETIME k", ":4102444800500\r\n"},
    {"GETEX k KEEPTTL", "-ERR syntax error\r\n"},
    {"GETEX k EX", "-ERR syntax error\r\n"},
    {"GETEX k EX 0", "-ERR invalid expire time in 'getex' command\r\n"},
    {"GETEX k EX x", "-ERR value is not an integer or out of range\r\n"},
    {"GETEX k EX 10 PERSIST", "-ERR syntax error\r\n"},
    {"GETEX k PERSIST EX 10", "-ERR syntax error\r\n"},
    {"GETEX k EX 10 PX 10", "-ERR syntax error\r\n"},
    {"GETEX k PXAT 1", "$1\r\nv\r\n"},
    {"GET k", "$-1\r\n"},
    {"GETEX missing", "$-1\r\n"},
    {"GETEX missing EX 10", "$-1\r\n"},
    {"GETEX missing PERSIST", "$-1\r\n"},
    {"GETEX missing EX abc", "$-1\r\n"},
    {"GETEX missing EX 0", "$-1\r\n"},
    {"GETEX missing PXAT 0", "$-1\r\n"},
    {"GETEX missing EX 9223372036854775807", "$-1\r\n"},
    {"GETEX missing EX", "-ERR syntax error\r\n"},
    {"GETEX missing EX 10 PX 10", "-ERR syntax error\r\n"},
    {"GETEX missing FOO", "-ERR syntax error\r\n"},
    {"GETEX", "-ERR wrong number of arguments for 'getex' command\r\n"},
    {"GETDEL fresh", "$1\r\nv\r\n"},
    {"TTL a b", "-ERR wrong number of arguments for 'ttl' command\r\n"},
    {"TTL", "-ERR wrong number of arguments for 'ttl' command\r\n"},
    {"PERSIST", "-ERR wrong number of arguments for 'persist' command\r\n"},
    {"EXPIRETIME", "-ERR wrong number of arguments for 'expiretime' command\r\n"},
};

void pass(Rig& rig, std::chrono::milliseconds time) {
  rig.coordinator.put_clock_forward(time);
}

std::uint64_t used_memory(Rig& rig, TestClient& client) {
  const std::string info = ask(rig, client, "INFO memory");
  return std::stoull(info.substr(info.find("used_memory:") + 12));
}

/// Turns until nothing that has expired is held any more.
void remove_expired(Rig& rig) {
  while (const auto next = rig.service.expirer.next_step()) {
    if (*next > rig.coordinator.now() + 10s) break;
    rig.coordinator.update_clock();
    rig.service.expirer.step();
    rig.settle();
  }
}

}  // namespace

TEST_CASE("Commands: times of expiry are answered as Redis answers", "[coordinator][expiry]") {
  const std::size_t replicas = GENERATE(1U, 2U);
  CAPTURE(replicas);
  Rig rig(3, {}, replicas);
  TestClient client(rig);
  check_one_by_one(rig, client, recorded);
  CHECK(ask(rig, client, "FLUSHALL") == "+OK\r\n");
  check_in_pipeline(rig, client, recorded);
}

TEST_CASE("Commands: a key is gone when its time has come, removed or not",
          "[coordinator][expiry]") {
  Rig rig;
  TestClient client(rig);
  CHECK(ask(rig, client, "SET soon v PX 5000") == "+OK\r\n");
  CHECK(ask(rig, client, "SET later v PX 60000") == "+OK\r\n");
  CHECK(ask(rig, client, "SET never v") == "+OK\r\n");
  CHECK(ask(rig, client, "INFO keyspace").find("db0:keys=3,expires=2,avg_ttl=0\r\n") !=
        std::string::npos);
  pass(rig, 5s);
  CHECK(ask(rig, client, "MGET soon later never") == "*3\r\n$-1\r\n" + bulk("v") + bulk("v"));
  CHECK(ask(rig, client, "DBSIZE") == ":2\r\n");
  CHECK(ask(rig, client, "EXISTS soon later never") == ":2\r\n");
  CHECK(ask(rig, client, "DEL soon") == ":0\r\n");
  CHECK(ask(rig, client, "INFO keyspace").find("db0:keys=2,expires=1,avg_ttl=0\r\n") !=
        std::string::npos);
}

TEST_CASE("Commands: a large value keeps its time", "[coordinator][expiry]") {
  Rig rig;
  TestClient client(rig);
  const std::string value(3'000'000, 'v');
  client.send(encoded({"SET", "key", value, "EX", "100"}));
  rig.settle();
  CHECK(client.take() == "+OK\r\n");
  CHECK(ask(rig, client, "TTL key") == ":100\r\n");
  CHECK(ask(rig, client, "GET key") == bulk(value));
  pass(rig, 100s);
  CHECK(ask(rig, client, "GET key") == "$-1\r\n");
}

TEST_CASE("Coordinator: the order's time never goes back, and goes on when the clock is behind",
          "[coordinator][expiry]") {
  Rig rig;
  const std::int64_t before = rig.coordinator.order_time();
  pass(rig, 1h);
  const std::int64_t ahead = rig.coordinator.order_time();
  CHECK(ahead >= before + 3'600'000);
  const auto end = std::chrono::steady_clock::now() + 5ms;
  while (std::chrono::steady_clock::now() < end) {
    const std::int64_t last = rig.coordinator.order_time();
    rig.coordinator.update_clock();
    REQUIRE(rig.coordinator.order_time() >= last);
  }
  rig.coordinator.update_clock();
  CHECK(rig.coordinator.order_time() >= ahead + 4);
  // The same within a turn: all of its commands have one time.
  const std::int64_t now = rig.coordinator.order_time();
  for (int i = 0; i < 1'000; ++i)
    rig.coordinator.begin_command();
  CHECK(rig.coordinator.order_time() == now);
}

TEST_CASE("Expirer: gives the memory of what has expired back", "[coordinator][expiry]") {
  const std::size_t replicas = GENERATE(1U, 2U);
  CAPTURE(replicas);
  Rig rig(3, {}, replicas);
  TestClient client(rig);
  CHECK_FALSE(rig.service.expirer.next_step());  // nothing expires: nothing to do, ever
  const std::uint64_t empty = used_memory(rig, client);
  for (int i = 0; i < 3'000; ++i)
    client.send("SET key" + std::to_string(i) + " " + std::string(100, 'v') + " PX " +
                std::to_string(10'000 + i) + "\r\n");
  rig.settle();
  client.take();
  REQUIRE(rig.service.expirer.next_step());
  CHECK(*rig.service.expirer.next_step() > rig.coordinator.now() + 5s);
  const std::uint64_t full = used_memory(rig, client);
  CHECK(full > empty + 300'000 * replicas);
  pass(rig, 20s);
  CHECK(ask(rig, client, "DBSIZE") == ":0\r\n");
  CHECK(used_memory(rig, client) == full);
  remove_expired(rig);
  CHECK(used_memory(rig, client) < empty + (full - empty) / 20);
  CHECK_FALSE(rig.service.expirer.next_step());
}

TEST_CASE("Expirer: asks the nodes again after a loss", "[coordinator][expiry]") {
  Rig rig(3, {}, 2);
  TestClient client(rig);
  for (int i = 0; i < 300; ++i)
    client.send("SET key" + std::to_string(i) + " v PX 10000\r\n");
  rig.settle();
  client.take();
  pass(rig, 10s);
  rig.transport.by_hand();
  rig.service.expirer.step();
  rig.turn();
  CHECK_FALSE(rig.service.expirer.next_step());  // until all have answered
  rig.transport.kill(0);
  rig.transport.notice_loss(0);
  rig.transport.let_go();
  rig.cluster.worker_lost({0, rig.coordinator.epoch(0), "killed by the test"});
  rig.settle();
  REQUIRE(rig.service.expirer.next_step());
  remove_expired(rig);
  CHECK_FALSE(rig.service.expirer.next_step());
  CHECK(ask(rig, client, "DBSIZE") == ":0\r\n");
}
