#include "pkv/pipeline.hpp"

#include "support/connection.hpp"
#include "support/hardship.hpp"
#include "support/processes.hpp"
#include "support/server_process.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <string>
#include <sys/resource.h>
#include <vector>

// Clients that do what no client should, and a worker that does not answer: the others are served
// all the same, and no process of the server ends.
namespace {

using namespace pkv;
using namespace std::chrono_literals;
using test::Connection;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

test::ServerSettings two_workers(std::vector<std::string> arguments = {}) {
  test::ServerSettings settings;
  settings.arguments = std::move(arguments);
  return settings;
}

std::string encoded(const pkv::Command& command) {
  std::string bytes;
  append_command(bytes, command);
  return bytes;
}

/// The connections that this process, and a server that it starts, can have besides other files.
std::size_t possible_connections() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  constexpr std::size_t other_files = 200;
  const std::size_t most = limit.rlim_cur > other_files ? limit.rlim_cur - other_files : 0;
  constexpr std::size_t below_max_clients = 9'900;
  return std::min(most, below_max_clients);
}

}  // namespace

TEST_CASE("Ten thousand commands in one write are all answered", "[server][mpi]") {
  test::ServerProcess server(two_workers());
  Connection connection(server.port());
  Pipeline pipeline;
  for (int i = 0; i < 5'000; ++i)
    pipeline.add("SET", "key:" + std::to_string(i), i).add("GET", "key:" + std::to_string(i));
  connection.send(pipeline.encoded());
  int wrong = 0;
  for (int i = 0; i < 5'000; ++i) {
    wrong += connection.receive() != Reply::status("OK");
    wrong += connection.receive() != Reply::bulk(std::to_string(i));
  }
  CHECK(wrong == 0);
  test::check_unharmed(server);
}

TEST_CASE("A client that never reads costs little memory and no one's time", "[server][mpi]") {
  test::ServerProcess server(two_workers());
  Connection other(server.port());
  const std::string value(std::size_t{100} << 10, 'x');
  REQUIRE(other.ask("SET", "large", value) == Reply::status("OK"));
  const std::size_t before = test::resident_bytes_of(server.rank(0));

  Connection greedy(server.port());
  Pipeline reads;
  for (int i = 0; i < 10'000; ++i)  // a gigabyte of answers
    reads.add("GET", "large");
  greedy.send_some(reads.encoded());
  for (int i = 0; i < 500; ++i) {
    REQUIRE(other.ask("SET", "small", i) == Reply::status("OK"));
    REQUIRE(other.ask("GET", "small") == Reply::bulk(std::to_string(i)));
  }
  REQUIRE(other.ask("STRLEN", "large") == Reply::integer(std::ssize(value)));
  CHECK(test::resident_bytes_of(server.rank(0)) < before + 200 * mebibyte);
  test::check_unharmed(server);

  // It can still change its mind.
  for (int i = 0; i < 20; ++i) {
    const bool is_whole = greedy.receive() == Reply::bulk(value);
    REQUIRE(is_whole);
  }
  greedy.abandon();
  test::check_unharmed(server);
}

TEST_CASE("Clients that vanish in the middle of commands and answers do no harm", "[server][mpi]") {
  test::ServerProcess server(two_workers());
  Connection other(server.port());
  REQUIRE(other.ask("SET", "large", std::string(mebibyte, 'x')) == Reply::status("OK"));
  const std::string set = encoded(pkv::Command("SET", "half", std::string(100'000, 'y')));
  for (const std::size_t cut : {std::size_t{1}, std::size_t{15}, set.size() / 2, set.size() - 1}) {
    Connection victim(server.port());
    victim.send(std::string_view(set).substr(0, cut));
    victim.abandon();
  }
  for (const int answers : {1, 100}) {
    Connection victim(server.port());
    for (int i = 0; i < answers; ++i)
      victim.send("GET large\r\n");
    victim.wait_for_bytes();
    victim.abandon();
  }
  CHECK(other.ask("EXISTS", "half") == Reply::integer(0));
  CHECK(other.ask("STRLEN", "large") == Reply::integer(mebibyte));
  test::check_unharmed(server);
}

TEST_CASE("Thousands of clients at once are all served", "[server][mpi][load]") {
  const std::size_t most = possible_connections();
  for (const std::size_t count : {std::min<std::size_t>(1'000, most), most}) {
    CAPTURE(count);
    test::ServerProcess server(two_workers());
    std::vector<Connection> clients;
    for (std::size_t i = 0; i < count; ++i)
      clients.emplace_back(server.port());
    for (Connection& client : clients)
      client.send("INCR counter\r\nPING\r\n");
    for (std::size_t i = 0; i < count; ++i) {
      REQUIRE(clients[i].receive().is_integer());
      REQUIRE(clients[i].receive() == Reply::status("PONG"));
    }
    CHECK(clients.front().ask("GET", "counter") == Reply::bulk(std::to_string(count)));
    clients.clear();
    test::check_unharmed(server);
  }
}

TEST_CASE("A client too many is told so, and its place is free again after another leaves",
          "[server][mpi]") {
  constexpr int most = 10;
  test::ServerProcess server(two_workers({"--max-clients", std::to_string(most)}));
  std::vector<Connection> clients;
  for (int i = 0; i < most; ++i) {
    clients.emplace_back(server.port());
    REQUIRE(clients.back().ask("PING") == Reply::status("PONG"));
  }
  Connection refused(server.port());
  CHECK(refused.receive_rest() == "-ERR max number of clients reached\r\n");
  for (Connection& client : clients)
    CHECK(client.ask("PING") == Reply::status("PONG"));

  clients.pop_back();
  // The server learns of the end a moment later.
  const auto is_accepted = [&] {
    Connection next(server.port());
    next.send("PING\r\n");
    return next.receive_or_end() == Reply::status("PONG");
  };
  CHECK(test::wait_until(is_accepted, 20s));
  clients.clear();
  CHECK(test::wait_until([&] { return test::still_answers(server.port()); }, 20s));
  test::check_unharmed(server);
}

TEST_CASE("A worker that stands still delays only its own keys", "[server][mpi]") {
  test::ServerProcess server(two_workers({"--reply-timeout", "500"}));
  Connection connection(server.port());
  const std::vector<std::string> keys = test::keys_on_all_nodes(connection, 2);
  for (const std::string& key : keys)
    REQUIRE(connection.ask("SET", key, "before") == Reply::status("OK"));
  const Reply place = connection.ask("RING", "WHERE", keys[0]);
  const pid_t still = server.rank(static_cast<int>(test::field(place, "rank").integer()));

  ::kill(still, SIGSTOP);
  Connection waiting(server.port());
  waiting.send(pkv::Command("SET", keys[0], "meanwhile"));
  waiting.send(pkv::Command("MGET", keys[0], keys[1]));
  for (int i = 0; i < 200; ++i)
    REQUIRE(connection.ask("GET", keys[1]) == Reply::bulk("before"));
  for (int i = 0; i < 2; ++i) {
    const Reply late = waiting.receive();
    REQUIRE(late.is_error());
    CHECK_THAT(std::string(late.text()), Catch::StartsWith("TIMEOUT "));
  }
  CHECK(waiting.ask("GET", keys[1]) == Reply::bulk("before"));
  ::kill(still, SIGCONT);

  // Late answers belong to nobody; the next ones must not be mistaken for them.
  const auto has_recovered = [&] { return !connection.ask("GET", keys[0]).is_error(); };
  CHECK(test::wait_until(has_recovered, 20s));
  CHECK(connection.ask("GET", keys[0]) == Reply::bulk("meanwhile"));
  CHECK(connection.ask("SET", keys[0], "after") == Reply::status("OK"));
  CHECK(waiting.ask("MGET", keys[0], keys[1]) ==
        Reply::array({Reply::bulk("after"), Reply::bulk("before")}));
  test::check_unharmed(server);
}
