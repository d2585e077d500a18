#include "coordinator/conversation.hpp"
#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <string>
#include <vector>

using namespace pkv;
using test::bulk;
using test::encoded;
using test::Rig;
using test::TestClient;
using Progress = Conversation::Progress;

namespace {

constexpr std::size_t kib = std::size_t{1} << 10;
constexpr std::size_t mib = std::size_t{1} << 20;

// No two neighbourhoods are alike, so that a value from a wrong place is seen.
std::string pattern(std::size_t bytes, std::uint64_t seed) {
  std::string text(bytes, '\0');
  std::mt19937_64 random(seed);
  for (char& c : text)
    c = static_cast<char>(random());
  return text;
}

/// Sends in pieces of `piece` bytes.
void send_in_pieces(TestClient& client, std::string_view bytes, std::size_t piece) {
  while (!bytes.empty()) {
    const std::size_t count = std::min(piece, bytes.size());
    client.send(bytes.substr(0, count));
    bytes.remove_prefix(count);
  }
}

std::string ask_in_pieces(Rig& rig, TestClient& client, std::string_view bytes,
                          std::size_t piece = mib) {
  send_in_pieces(client, bytes, piece);
  rig.settle();
  return client.take();
}

}  // namespace

// Beyond the preferred size of a frame the input's memory becomes the frame; below it is copied.
TEST_CASE("Conversation: values about as long as a frame arrive as they were sent",
          "[coordinator][large]") {
  Rig rig(3);
  TestClient client(rig);
  const std::size_t frame = rig.transport.preferred_frame_bytes();
  std::vector<std::size_t> sizes{64 * kib - 1, 64 * kib, 64 * kib + 1, mib, mib + 1, 3 * mib};
  for (std::size_t size = frame - 90; size <= frame + 2; ++size)
    sizes.push_back(size);
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    const std::string value = pattern(size, size);
    const std::string commands =
        encoded({"SET", "before", "b"}) + encoded({"SET", "k", value}) + encoded({"GET", "before"});
    REQUIRE(ask_in_pieces(rig, client, commands, 100'000) == "+OK\r\n+OK\r\n$1\r\nb\r\n");
    REQUIRE((ask_in_pieces(rig, client, encoded({"GET", "k"})) == bulk(value)));
  }
}

TEST_CASE("Conversation: every command that takes a value takes a large one",
          "[coordinator][large]") {
  const auto replicas = GENERATE(as<std::size_t>(), 1, 2);
  CAPTURE(replicas);
  Rig rig(3, {}, replicas);
  TestClient client(rig);
  const std::string one = pattern(mib, 1);
  const std::string two = pattern(mib + 17, 2);
  CHECK(ask_in_pieces(rig, client, encoded({"C", "c", one})) == "+OK\r\n");
  CHECK(ask_in_pieces(rig, client, encoded({"C", "c", two})).front() == '-');
  CHECK((ask_in_pieces(rig, client, encoded({"R", "c"})) == bulk(one)));
  CHECK(ask_in_pieces(rig, client, encoded({"U", "c", two})) == "+OK\r\n");
  CHECK((ask_in_pieces(rig, client, encoded({"GET", "c"})) == bulk(two)));
  CHECK(ask_in_pieces(rig, client, encoded({"SETNX", "n", one})) == ":1\r\n");
  CHECK(ask_in_pieces(rig, client, encoded({"SETNX", "n", two})) == ":0\r\n");
  CHECK(ask_in_pieces(rig, client, encoded({"SET", "n", two, "NX"})) == "$-1\r\n");
  CHECK((ask_in_pieces(rig, client, encoded({"SET", "n", two, "XX", "GET"})) == bulk(one)));
  CHECK((ask_in_pieces(rig, client, encoded({"GETSET", "n", one})) == bulk(two)));
  CHECK(ask_in_pieces(rig, client, encoded({"APPEND", "n", two})) ==
        ":" + std::to_string(one.size() + two.size()) + "\r\n");
  CHECK((ask_in_pieces(rig, client, encoded({"GET", "n"})) == bulk(one + two)));
  CHECK(ask_in_pieces(rig, client, encoded({"MSET", "a", one, "b", two, "c", "small"})) ==
        "+OK\r\n");
  CHECK((ask_in_pieces(rig, client, encoded({"MGET", "a", "b", "c"})) ==
         "*3\r\n" + bulk(one) + bulk(two) + bulk("small")));
  CHECK((ask_in_pieces(rig, client, encoded({"ECHO", one})) == bulk(one)));
}

TEST_CASE("Conversation: keys of all lengths fit before a large value", "[coordinator][large]") {
  Rig rig(2);
  TestClient client(rig);
  const std::string value = pattern(300 * kib, 3);
  const std::vector<std::size_t> key_sizes{0, 1, 2, 9, 10, 99, 100, 1'000, 10'000, 60'000};
  for (const std::size_t bytes : key_sizes) {
    CAPTURE(bytes);
    const std::string key = pattern(bytes, bytes);
    REQUIRE(ask_in_pieces(rig, client, encoded({"SET", key, value})) == "+OK\r\n");
    REQUIRE((ask_in_pieces(rig, client, encoded({"GET", key})) == bulk(value)));
  }
  // As little syntax as there can be before a value that is taken where it lies.
  REQUIRE(ask_in_pieces(rig, client, "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$307200\r\n" + value + "\r\n") ==
          "+OK\r\n");
}

TEST_CASE("Conversation: a large command that is refused leaves the next one readable",
          "[coordinator][large]") {
  Limits limits;
  limits.max_key_bytes = 10;
  Rig rig(2, limits);
  TestClient client(rig);
  const std::string input = encoded({"SET", std::string(11, 'k'), pattern(mib, 4)}) +
                            encoded({"SET", "k", pattern(mib, 5)}) + encoded({"STRLEN", "k"});
  const std::string answers = ask_in_pieces(rig, client, input);
  CHECK(answers.starts_with("-"));
  CHECK(answers.ends_with("\r\n+OK\r\n:1048576\r\n"));
}

TEST_CASE("Conversation: large values wait for room in a worker's queue", "[coordinator][large]") {
  Limits limits;
  limits.max_worker_queue_bytes = mib;
  Rig rig(1, limits);
  rig.transport.by_hand();
  TestClient client(rig);
  std::string input;
  std::string expected;
  for (int i = 0; i < 12; ++i) {
    input +=
        encoded({"SET", "k" + std::to_string(i), pattern(600 * kib, static_cast<unsigned>(i))});
    expected += "+OK\r\n";
  }
  send_in_pieces(client, input, 64 * kib);
  CHECK(client.progress == Progress::paused);
  rig.transport.let_go();
  while (client.progress == Progress::paused)
    rig.settle();
  rig.settle();
  CHECK(client.take() == expected);
  for (int i = 0; i < 12; ++i)
    REQUIRE((ask_in_pieces(rig, client, encoded({"GET", "k" + std::to_string(i)})) ==
             bulk(pattern(600 * kib, static_cast<unsigned>(i)))));
}

TEST_CASE("Conversation: a client may leave in the middle of a large value",
          "[coordinator][large]") {
  Rig rig(1);
  const std::string command = encoded({"SET", "k", pattern(mib, 6)});
  for (const std::size_t sent : {std::size_t{40}, 300 * kib, mib, command.size() - 1}) {
    TestClient client(rig);
    send_in_pieces(client, std::string_view(command).substr(0, sent), 50'000);
    rig.settle();
    CHECK(client.progress == Progress::need_input);
    CHECK(client.conversation.missing_bytes() == command.size() - sent);
  }
  TestClient client(rig);
  CHECK(ask_in_pieces(rig, client, encoded({"EXISTS", "k"})) == ":0\r\n");
}

TEST_CASE("Conversation: pipelined values of any size, cut anywhere, are those of a map",
          "[coordinator][large][random]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const std::size_t replicas = 1 + random() % 2;
  Rig rig(3, {}, replicas);
  TestClient client(rig);
  std::map<std::string, std::string> model;
  for (int round = 0; round < 30; ++round) {
    std::string input;
    std::string expected;
    for (std::size_t count = 1 + random() % 6; count > 0; --count) {
      const std::string key = "key" + std::to_string(random() % 5);
      if (random() % 3 == 0) {
        input += encoded({"GET", key});
        expected += model.count(key) != 0 ? bulk(model[key]) : "$-1\r\n";
        continue;
      }
      const std::size_t most = random() % 2 == 0 ? 2 * mib : 100;
      const std::string value = pattern(random() % most, random());
      if (random() % 4 == 0) {
        input += encoded({"APPEND", key, value});
        model[key] += value;
        expected += ":" + std::to_string(model[key].size()) + "\r\n";
      } else {
        input += encoded({"SET", key, value});
        model[key] = value;
        expected += "+OK\r\n";
      }
    }
    std::string_view rest = input;
    while (!rest.empty()) {
      const std::size_t piece = std::min<std::size_t>(rest.size(), 1 + random() % (500 * kib));
      client.send(rest.substr(0, piece));
      rest.remove_prefix(piece);
      if (random() % 2 == 0) rig.turn();
    }
    rig.settle();
    REQUIRE((client.take() == expected));
  }
}
