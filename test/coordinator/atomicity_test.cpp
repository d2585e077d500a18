#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace pkv;
using test::encoded;
using test::Rig;
using test::TestClient;

namespace {

constexpr std::size_t key_count = 6;

std::vector<std::string> keys_of_different_workers(const Rig& rig) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < key_count; ++i)
    keys.push_back(rig.key_of(i % rig.transport.worker_count(), i));
  return keys;
}

/// The values of an array of bulks at the front of `replies`, which is taken off.
std::vector<std::string> take_array(std::string& replies) {
  std::vector<std::string> values;
  std::size_t at = replies.find("\r\n") + 2;
  const std::size_t count = std::stoul(replies.substr(1));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t line = replies.find("\r\n", at);
    const int bytes = std::stoi(replies.substr(at + 1, line - at - 1));
    at = line + 2;
    if (bytes < 0) {
      values.emplace_back("nil");
      continue;
    }
    values.push_back(replies.substr(at, static_cast<std::size_t>(bytes)));
    at += static_cast<std::size_t>(bytes) + 2;
  }
  replies.erase(0, at);
  return values;
}

}  // namespace

TEST_CASE("Atomicity: a read of several keys never sees part of a write of them",
          "[coordinator][atomicity]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    Limits limits;
    if (round % 2 == 1) limits.max_worker_queue_bytes = 300;  // with many retries for lack of room
    Rig rig(3, limits);
    rig.transport.by_hand();
    const std::vector<std::string> keys = keys_of_different_workers(rig);
    std::vector<std::unique_ptr<TestClient>> clients;
    for (std::uint64_t id = 0; id < 6; ++id)
      clients.push_back(std::make_unique<TestClient>(rig, id));

    int written = 0;
    for (int step = 0; step < 400; ++step) {
      TestClient& client = *clients[random() % clients.size()];
      switch (random() % 6) {
        case 0: {
          std::vector<std::string> words{"MSET"};
          const std::string value = std::to_string(++written);
          for (const std::string& key : keys) {
            words.push_back(key);
            words.push_back(value);
          }
          client.send(encoded(words));
          break;
        }
        case 1: {
          std::vector<std::string> words = keys;
          words.insert(words.begin(), "DEL");
          client.send(encoded(words));
          break;
        }
        case 2: {
          std::vector<std::string> words = keys;
          std::shuffle(words.begin(), words.end(), random);
          words.insert(words.begin(), "MGET");
          client.send(encoded(words));
          break;
        }
        case 3:
          rig.turn();
          break;
        default:
          rig.transport.step(random);
      }
    }
    do {
      rig.turn();
    } while (rig.transport.step(random) || !rig.coordinator.idle());

    std::size_t arrays = 0;
    for (const auto& client : clients) {
      REQUIRE(client->progress == Conversation::Progress::need_input);
      std::string replies = client->take();
      while (!replies.empty()) {
        if (replies.front() != '*') {
          // A DEL removes all of a write or, where there is none, nothing.
          REQUIRE((replies.starts_with("+OK\r\n") || replies.starts_with(":0\r\n") ||
                   replies.starts_with(":" + std::to_string(key_count) + "\r\n")));
          replies.erase(0, replies.find("\r\n") + 2);
          continue;
        }
        const std::vector<std::string> values = take_array(replies);
        REQUIRE(values == std::vector<std::string>(key_count, values.front()));
        ++arrays;
      }
    }
    REQUIRE(arrays > 0);
  }
}

TEST_CASE("Atomicity: whoever was answered is seen by everyone who asks later",
          "[coordinator][atomicity]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Rig rig(3);
  const std::vector<std::string> keys = keys_of_different_workers(rig);
  rig.transport.by_hand();
  TestClient writer(rig, 1);
  TestClient reader(rig, 2);
  for (int number = 1; number <= 200; ++number) {
    const std::string& key = keys[random() % keys.size()];
    const std::string value = std::to_string(number);
    writer.send(encoded({"SET", key, value}));
    while (writer.received.empty()) {
      rig.turn();
      rig.transport.step(random);
    }
    REQUIRE(writer.take() == "+OK\r\n");
    reader.send(encoded({"GET", key}));
    while (reader.received.empty()) {
      rig.turn();
      rig.transport.step(random);
    }
    REQUIRE(reader.take() == test::bulk(value));
  }
}
