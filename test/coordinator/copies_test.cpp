#include "coordinator/discard_replies.hpp"
#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace pkv;
using test::bulk;
using test::encoded;
using test::Rig;
using test::TestClient;

namespace {

std::string copies_of(Rig& rig, TestClient& client, const std::string& key) {
  client.send(encoded({"COPIES", key}));
  rig.settle();
  return client.take();
}

/// Stores the value on one holder alone, as no command does.
void store_at(Rig& rig, std::size_t worker, const std::string& key, const std::string& value) {
  wire::Operation put;
  put.opcode = wire::Opcode::put;
  put.key = key;
  put.value = value;
  rig.coordinator.begin_command();
  rig.coordinator.append_to(worker, put, discarded_reply());
  rig.settle();
}

}  // namespace

TEST_CASE("COPIES: answers what each holder has, in their order", "[coordinator][copies]") {
  Rig rig(4, {}, 3);
  TestClient client(rig);
  const WorkerList holders = rig.holders_of("key");
  REQUIRE(holders.size() == 3);
  CHECK(copies_of(rig, client, "key") == "*3\r\n$-1\r\n$-1\r\n$-1\r\n");
  store_at(rig, holders.begin()[0], "key", "one");
  store_at(rig, holders.begin()[2], "key", std::string(100'000, '3'));
  CHECK(copies_of(rig, client, "key") ==
        "*3\r\n" + bulk("one") + "$-1\r\n" + bulk(std::string(100'000, '3')));
}

TEST_CASE("COPIES: leaves out holders that are lost", "[coordinator][copies]") {
  Rig rig(3, {}, 2);
  TestClient client(rig);
  const WorkerList holders = rig.holders_of("key");
  store_at(rig, holders.begin()[0], "key", "one");
  store_at(rig, holders.begin()[1], "key", "two");
  lose(rig, holders.begin()[0]);
  CHECK(copies_of(rig, client, "key") == "*1\r\n" + bulk("two"));
  lose(rig, holders.begin()[1]);
  CHECK(copies_of(rig, client, "key").starts_with("-NODEDOWN "));
}

TEST_CASE("COPIES: leaves out holders that are lost while they are asked",
          "[coordinator][copies]") {
  Rig rig(3, {}, 2);
  TestClient client(rig);
  const WorkerList holders = rig.holders_of("key");
  const std::size_t lost_one = GENERATE(0U, 1U);
  store_at(rig, holders.begin()[0], "key", "one");
  store_at(rig, holders.begin()[1], "key", "two");
  rig.transport.by_hand();
  client.send("COPIES key\r\n");
  rig.turn();
  lose(rig, holders.begin()[lost_one]);
  SECTION("one of them") {
    test::answer(rig, holders.begin()[1 - lost_one]);
    rig.turn();
    CHECK(client.take() == "*1\r\n" + bulk(lost_one == 0 ? "two" : "one"));
  }
  SECTION("all of them") {
    lose(rig, holders.begin()[1 - lost_one]);
    rig.turn();
    CHECK(client.take().starts_with("-NODEDOWN "));
  }
}

TEST_CASE("COPIES: a key that is too long is refused", "[coordinator][copies]") {
  Limits limits;
  limits.max_key_bytes = 10;
  Rig rig(3, limits);
  TestClient client(rig);
  CHECK(copies_of(rig, client, std::string(10, 'k')) == "*1\r\n$-1\r\n");
  CHECK(copies_of(rig, client, std::string(11, 'k')).starts_with("-ERR "));
}
