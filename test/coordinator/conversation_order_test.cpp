#include "coordinator/conversation.hpp"
#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace pkv;
using namespace std::chrono_literals;
using test::bulk;
using test::Damage;
using test::encoded;
using test::Rig;
using test::TestClient;

TEST_CASE("Conversation: replies keep the client's order whichever worker is first",
          "[coordinator][order]") {
  Rig rig(3);
  TestClient client(rig);
  rig.transport.by_hand();
  client.send("SET " + rig.key_of(0) + " a\r\nSET " + rig.key_of(1) + " b\r\nPING\r\nGET " +
              rig.key_of(1) + "\r\nMGET " + rig.key_of(0) + " " + rig.key_of(1) + "\r\nINCR " +
              rig.key_of(2) + "\r\n");
  rig.turn();
  for (const std::size_t worker : {2U, 1U}) {
    rig.transport.run(worker);
    rig.transport.deliver(worker);
    rig.turn();
    CHECK(client.take().empty());
  }
  rig.transport.run(0);
  rig.transport.deliver(0);
  rig.turn();
  CHECK(client.take() == "+OK\r\n+OK\r\n+PONG\r\n$1\r\nb\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n:1\r\n");
}

TEST_CASE("Conversation: ten thousand commands in one input", "[coordinator][order]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Rig rig(4);
  TestClient client(rig);
  std::string input;
  std::string expected;
  std::vector<int> counters(50);
  for (int i = 0; i < 10'000; ++i) {
    const auto at = static_cast<std::size_t>(random() % counters.size());
    const std::string key = "key" + std::to_string(at);
    switch (random() % 5) {
      case 0:
        input += "PING\r\n";
        expected += "+PONG\r\n";
        break;
      case 1:
        input += encoded({"MGET", key, "none", key});
        expected += "*3\r\n";
        for (const bool present : {true, false, true})
          expected += present && counters[at] > 0 ? bulk(std::to_string(counters[at])) : "$-1\r\n";
        break;
      default:
        input += encoded({"INCR", key});
        expected += ":" + std::to_string(++counters[at]) + "\r\n";
    }
  }
  client.give(input);
  client.go_on();
  rig.transport.by_hand();
  while (!client.conversation.drained() || client.progress == Conversation::Progress::paused) {
    rig.turn();
    rig.transport.step(random);
  }
  CHECK(client.take() == expected);
  CHECK(rig.transport.slots_were_used_in_turn());
}

TEST_CASE("Conversation: many clients, any order of workers, and everyone's answers are in order",
          "[coordinator][order]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 30; ++round) {
    Rig rig(3);
    rig.transport.by_hand();
    std::vector<std::unique_ptr<TestClient>> clients;
    std::vector<std::string> expected(5);
    for (std::uint64_t id = 0; id < 5; ++id)
      clients.push_back(std::make_unique<TestClient>(rig, id));
    for (int step = 0; step < 300; ++step) {
      const auto who = static_cast<std::size_t>(random() % clients.size());
      const std::string word = std::to_string(step);
      const std::string key = std::to_string(who) + "/" + std::to_string(random() % 5);
      switch (random() % 4) {
        case 0:
          clients[who]->send(encoded({"ECHO", word}));
          expected[who] += bulk(word);
          break;
        case 1:
          clients[who]->send(encoded({"SET", key, word}) + encoded({"GET", key}));
          expected[who] += "+OK\r\n" + bulk(word);
          break;
        case 2:
          clients[who]->send(encoded({"MSET", key, word, "x", "y", "z", "y"}));
          expected[who] += "+OK\r\n";
          break;
        default:
          rig.turn();
          for (auto steps = random() % 4; steps > 0; --steps)
            rig.transport.step(random);
      }
    }
    do {
      rig.turn();
    } while (rig.transport.step(random));
    rig.turn();
    for (std::size_t who = 0; who < clients.size(); ++who)
      REQUIRE(clients[who]->take() == expected[who]);
  }
}

TEST_CASE("Conversation: when a worker fails, each of its commands gets one error in its place",
          "[coordinator][order]") {
  Rig rig(2);
  TestClient client(rig);
  const std::string a = rig.key_of(0);
  const std::string b = rig.key_of(1);
  rig.transport.by_hand();
  client.send("SET " + a + " 1\r\nSET " + b + " 2\r\nMGET " + a + " " + b + "\r\nGET " + b +
              "\r\n");
  rig.turn();
  rig.transport.run(1);
  rig.transport.deliver(1);
  rig.transport.run(0);
  rig.transport.fail_reply(0, errc::node_down);
  rig.transport.deliver(0);
  rig.turn();
  const std::string down =
      "-NODEDOWN the node that owns the key is down, try again when it is back\r\n";
  CHECK(client.take() == down + "+OK\r\n" + down + "$1\r\n2\r\n");
}

TEST_CASE("Conversation: a damaged answer costs no reply and no order", "[coordinator][order]") {
  for (const Damage damage : {Damage::too_few_replies, Damage::too_many_replies,
                              Damage::wrong_count, Damage::truncated_body}) {
    CAPTURE(static_cast<int>(damage));
    Rig rig(1);
    TestClient client(rig);
    rig.transport.by_hand();
    client.send("SET a 1\r\nGET a\r\nMGET a a\r\nPING\r\n");
    rig.turn();
    rig.transport.run(0);
    rig.transport.damage_reply(0, damage);
    rig.transport.deliver(0);
    rig.turn();
    CHECK(client.conversation.drained());
    const std::string got = client.take();
    CHECK(got.starts_with("+OK\r\n$1\r\n1\r\n"));
    CHECK(got.ends_with("+PONG\r\n"));
    rig.transport.let_go();
    client.send("INCR a\r\n");
    rig.settle();
    CHECK(client.take() == ":2\r\n");
  }
}

TEST_CASE("Conversation: INCR from many clients adds up exactly", "[coordinator][order]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Limits limits;
  limits.max_worker_queue_bytes = 200;  // so that many find no room and try again
  Rig rig(3, limits);
  rig.transport.by_hand();
  std::vector<std::unique_ptr<TestClient>> clients;
  std::string input;
  for (int i = 0; i < 200; ++i)
    input += "INCR n\r\n";
  for (std::uint64_t id = 0; id < 10; ++id) {
    clients.push_back(std::make_unique<TestClient>(rig, id));
    clients.back()->send(input);
  }
  do {
    rig.turn();
  } while (rig.transport.step(random) || !rig.coordinator.idle());
  std::vector<bool> seen(2'001);
  for (const auto& client : clients) {
    std::string replies = client->take();
    int before = 0;
    for (int i = 0; i < 200; ++i) {
      const std::size_t end = replies.find("\r\n");
      REQUIRE(end != std::string::npos);
      const int number = std::stoi(replies.substr(1, end - 1));
      REQUIRE(number > before);  // one client's commands run in its order
      REQUIRE_FALSE(seen.at(static_cast<std::size_t>(number)));
      seen[static_cast<std::size_t>(number)] = true;
      before = number;
      replies.erase(0, end + 2);
    }
    CHECK(replies.empty());
  }
}
