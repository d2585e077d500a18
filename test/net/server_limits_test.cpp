#include "base/resident_memory.hpp"
#include "net/server_support.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

using namespace pkv;
using namespace std::chrono_literals;
using test::encoded;
using test::info_number;
using test::RawClient;
using test::RunningServer;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

std::string head_of_set(const std::string& key, std::size_t value_bytes) {
  return "*3\r\n$3\r\nSET\r\n$" + std::to_string(key.size()) + "\r\n" + key + "\r\n$" +
         std::to_string(value_bytes) + "\r\n";
}

}  // namespace

TEST_CASE("Server: a client that never reads costs bounded memory and disturbs nobody",
          "[server][limits]") {
  Limits limits;
  limits.client_output_pause_bytes = mib;
  RunningServer server(limits);
  RawClient other(server.port());
  REQUIRE(other.hears(encoded({"SET", "k", std::string(64'000, 'v')}), "+OK\r\n"));

  RawClient mute(server.port());
  mute.set_receive_buffer(4096);
  std::string gets;
  for (int i = 0; i < 1'000; ++i)
    gets += "GET k\r\n";
  const std::uint64_t before = resident_bytes();
  // 64 GB of answers are asked for, or as many as the server lets in.
  std::size_t accepted = 0;
  for (int i = 0; i < 1'000; ++i) {
    accepted += mute.send_some(gets);
    REQUIRE(other.hears("INCR n\r\nGET gone\r\n", ":" + std::to_string(i + 1) + "\r\n$-1\r\n"));
  }
  CHECK(accepted < gets.size() * 1'000);
  CHECK(resident_bytes() < before + 64 * mib);
  CHECK(info_number(other, "connected_clients") == 2);
}

TEST_CASE("Server: a client with more unread replies than the limit is disconnected",
          "[server][limits]") {
  Limits limits;
  limits.client_output_limit_bytes = 2 * mib;
  RunningServer server(limits);
  RawClient other(server.port());
  REQUIRE(other.hears(encoded({"SET", "k", std::string(mib, 'v')}), "+OK\r\n"));
  RawClient greedy(server.port());
  greedy.set_receive_buffer(4096);
  greedy.send("MGET k k k k k k k k k k\r\n");
  CHECK(greedy.receive_rest().bytes.empty());
  CHECK(server.log().size() == 1);
  CHECK(other.hears("PING\r\n", "+PONG\r\n"));
}

TEST_CASE("Server: what a client announces takes no memory before it is sent", "[server][limits]") {
  Limits limits;
  limits.max_value_bytes = largest_max_value_bytes;
  limits.total_input_bytes = std::size_t{64} << 30;
  RunningServer server(limits);
  RawClient observer(server.port());
  REQUIRE(observer.hears("PING\r\n", "+PONG\r\n"));
  const std::uint64_t before = resident_bytes();
  std::vector<RawClient> clients;
  for (int i = 0; i < 50; ++i) {
    clients.emplace_back(server.port());
    clients.back().send(head_of_set("k", largest_max_value_bytes) + "a few bytes");
  }
  while (info_number(observer, "connected_clients") < 51) {
  }
  REQUIRE(observer.hears("PING\r\n", "+PONG\r\n"));
  CHECK(resident_bytes() < before + 64 * mib);
}

TEST_CASE("Server: one who stops in the middle of a large command is cut off", "[server][limits]") {
  Limits limits;
  limits.stalled_input_timeout = 50ms;
  RunningServer server(limits);
  RawClient stalls(server.port());
  stalls.send(head_of_set("k", 4 * mib) + std::string(2 * mib, 'v'));
  CHECK(stalls.receive_rest().bytes.empty());

  RawClient other(server.port());
  CHECK(other.hears("GET k\r\n", "$-1\r\n"));
}

TEST_CASE("Server: one who is behind a large command with a small one is left in peace",
          "[server][limits]") {
  Limits limits;
  limits.stalled_input_timeout = 500ms;
  limits.total_input_bytes = 4 * mib;
  RunningServer server(limits);
  RawClient slow(server.port());
  REQUIRE(slow.hears(encoded({"SET", "k", std::string(3 * mib, 'v')}) + "PI", "+OK\r\n"));

  // It holds no budget, so that others can have it, and no clock runs against it.
  RawClient other(server.port());
  REQUIRE(other.hears(encoded({"SET", "k", std::string(4 * mib, 'w')}), "+OK\r\n"));
  RawClient stalls(server.port());
  stalls.send(head_of_set("k", 2 * mib));
  CHECK(stalls.receive_rest().bytes.empty());  // the timeout has passed
  CHECK(slow.hears("NG\r\n", "+PONG\r\n"));
}

TEST_CASE("Server: large senders take turns and all finish", "[server][limits]") {
  Limits limits;
  limits.total_input_bytes = 6 * mib;
  RunningServer server(limits);
  constexpr int senders = 8;
  std::vector<std::thread> threads;
  std::vector<char> heard(senders, 0);
  for (int i = 0; i < senders; ++i) {
    threads.emplace_back([&, i] {
      RawClient client(server.port());
      const std::string key = "k" + std::to_string(i);
      const std::string value(5 * mib, static_cast<char>('a' + i));
      heard[static_cast<std::size_t>(i)] =
          client.hears(encoded({"SET", key, value}), "+OK\r\n") &&
          client.hears(encoded({"MSET", key, std::string(2 * mib, 'x'), key + "b",
                                std::string(2 * mib, 'y')}),
                       "+OK\r\n") &&
          client.bulk("GET " + key + "b\r\n") == std::string(2 * mib, 'y');
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(heard == std::vector<char>(senders, 1));
}

TEST_CASE("Server: commands that grow while all wait for budget do not wait for ever",
          "[server][limits]") {
  Limits limits;
  limits.total_input_bytes = 4 * mib;
  limits.max_value_bytes = 4 * mib;
  RunningServer server(limits);
  // Each takes half of the budget, then turns out to want as much again.
  const std::string half(2 * mib - 100, 'h');
  RawClient first(server.port());
  RawClient second(server.port());
  const std::string start =
      "*5\r\n$4\r\nMSET\r\n$1\r\na\r\n$" + std::to_string(half.size()) + "\r\n";
  first.send(start);
  second.send(start);
  first.send(half.substr(1));
  second.send(half.substr(1));
  const std::string more =
      "h\r\n$1\r\nb\r\n$" + std::to_string(half.size()) + "\r\n" + half + "\r\n";
  std::thread finishing([&] { first.send(more); });
  second.send(more);
  finishing.join();
  CHECK(first.receive(5) == "+OK\r\n");
  CHECK(second.receive(5) == "+OK\r\n");
}

TEST_CASE("Server: a command beyond all limits is refused, not gathered", "[server][limits]") {
  Limits limits;
  limits.max_value_bytes = mib;
  limits.total_input_bytes = 3 * mib;
  RunningServer server(limits);
  RawClient client(server.port());
  std::vector<std::string> words{"MSET"};
  for (int i = 0; i < 8; ++i) {
    words.push_back("k" + std::to_string(i));
    words.emplace_back(mib - 100, 'v');
  }
  std::thread sender([&] { client.send(encoded(words)); });
  CHECK(client.receive_rest().bytes == "-ERR Protocol error: too big command\r\n");
  sender.join();
  RawClient other(server.port());
  CHECK(other.hears("DBSIZE\r\n", ":0\r\n"));
}
