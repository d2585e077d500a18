#include "pkv/client.hpp"
#include "pkv/pipeline.hpp"

#include "support/connection.hpp"
#include "support/run.hpp"
#include "support/server_process.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <random>
#include <string>
#include <vector>

// What clients can do with a server of 1, 2, 4 and 8 workers, each a process of its own.
namespace {

namespace asio = boost::asio;
using namespace pkv;
using test::Connection;
using test::run;

void follow_one_key(std::uint16_t port) {
  asio::io_context io(1);
  Client client(io.get_executor());
  REQUIRE(run(io, client.connect("127.0.0.1", port)));

  CHECK(run(io, client.read("city")).error() == errc::key_not_found);
  CHECK(run(io, client.update("city", "Rome")).error() == errc::key_not_found);
  CHECK(run(io, client.erase("city")).error() == errc::key_not_found);
  CHECK(run(io, client.create("city", "Paris")));
  CHECK(run(io, client.create("city", "Rome")).error() == errc::key_exists);
  CHECK(run(io, client.read("city")).value() == "Paris");
  CHECK(run(io, client.update("city", "Rome")));
  CHECK(run(io, client.read("city")).value() == "Rome");
  CHECK(run(io, client.exists("city")).value());
  CHECK(run(io, client.put("city", "Oslo")));
  CHECK(run(io, client.read("city")).value() == "Oslo");
  CHECK(run(io, client.increment("city")).error() == errc::not_an_integer);
  CHECK(run(io, client.erase("city")));
  CHECK_FALSE(run(io, client.exists("city")).value());
}

void follow_one_key_in_lines(std::uint16_t port) {
  Connection connection(port);
  connection.send(
      "R city\nC city Paris, the capital\r\nC city x\nR city\nU city Rome\nR city\n"
      "D city\nD city\nU city x\nDONE\n");
  const std::string expected =
      "-NOTFOUND no such key\r\n+OK\r\n-EXISTS key already exists\r\n$18\r\nParis, the "
      "capital\r\n+OK\r\n$4\r\nRome\r\n+OK\r\n-NOTFOUND no such key\r\n-NOTFOUND no such "
      "key\r\n+OK\r\n";
  CHECK(connection.receive_rest() == expected);
}

// Answers of rank 0 itself and of all the workers, which are as far apart as can be.
void answers_keep_the_order_of_commands(std::uint16_t port) {
  constexpr int rounds = 3'000;
  Connection connection(port);
  Pipeline pipeline;
  for (int i = 0; i < rounds; ++i) {
    const std::string key = "order:" + std::to_string(i);
    pipeline.add("SET", key, i).add("ECHO", i).add("GET", key).add("INCRBY", key, 1);
  }
  connection.send(pipeline.encoded());
  int wrong = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::string number = std::to_string(i);
    wrong += connection.receive() != Reply::status("OK");
    wrong += connection.receive() != Reply::bulk(number);
    wrong += connection.receive() != Reply::bulk(number);
    wrong += connection.receive() != Reply::integer(i + 1);
  }
  CHECK(wrong == 0);
}

std::vector<std::size_t> interesting_sizes() {
  constexpr std::size_t frame_bytes = std::size_t{256} << 10;
  std::vector<std::size_t> sizes = {0, 1, 2, 1000, 65'535, 65'536};
  // The frame holds a header, the key and more besides the value, and the reply's frame does, too.
  for (std::size_t size = frame_bytes - 120; size <= frame_bytes + 1; ++size)
    sizes.push_back(size);
  for (const std::size_t mebibytes : {1U, 2U, 8U}) {
    sizes.push_back((mebibytes << 20) - 1);
    sizes.push_back(mebibytes << 20);
  }
  return sizes;
}

void values_of_all_sizes_come_back(std::uint16_t port) {
  Connection connection(port);
  std::mt19937_64 random(1);
  std::string bytes(std::size_t{8} << 20, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
  for (const std::size_t size : interesting_sizes()) {
    CAPTURE(size);
    const std::string value = bytes.substr(bytes.size() - size);
    REQUIRE(connection.ask("SET", "sized", value) == Reply::status("OK"));
    REQUIRE(connection.ask("STRLEN", "sized") == Reply::integer(static_cast<std::int64_t>(size)));
    // Not in an assertion, which would print megabytes.
    const bool is_same = connection.ask("GET", "sized") == Reply::bulk(value);
    REQUIRE(is_same);
  }
}

void commands_reach_all_nodes(std::uint16_t port) {
  constexpr int count = 200;
  Connection connection(port);
  REQUIRE(connection.ask("FLUSHALL") == Reply::status("OK"));
  CHECK(connection.ask("DBSIZE") == Reply::integer(0));
  pkv::Command set("MSET");
  pkv::Command get("MGET");
  pkv::Command remove("DEL");
  std::vector<Reply> expected;
  for (int i = 0; i < count; ++i) {
    const std::string key = "many:" + std::to_string(i);
    set.add(key).add(i);
    get.add(key).add("none:" + std::to_string(i));
    remove.add(key).add(key);
    expected.push_back(Reply::bulk(std::to_string(i)));
    expected.push_back(Reply::nil());
  }
  connection.send(set);
  CHECK(connection.receive() == Reply::status("OK"));
  connection.send(get);
  CHECK(connection.receive() == Reply::array(expected));
  CHECK(connection.ask("DBSIZE") == Reply::integer(count));
  connection.send(remove);
  CHECK(connection.receive() == Reply::integer(count));
  CHECK(connection.ask("DBSIZE") == Reply::integer(0));
  CHECK(connection.ask("SET", "a", "b") == Reply::status("OK"));
  CHECK(connection.ask("FLUSHALL") == Reply::status("OK"));
  CHECK(connection.ask("EXISTS", "a") == Reply::integer(0));
}

asio::awaitable<std::vector<std::int64_t>> count_up(std::uint16_t port, int times) {
  Client client(co_await asio::this_coro::executor);
  const result<void> connected = co_await client.connect("127.0.0.1", port);
  REQUIRE(connected.has_value());
  std::vector<std::int64_t> sums;
  for (int i = 0; i < times; ++i) {
    const result<std::int64_t> sum = co_await client.increment("counter");
    REQUIRE(sum.has_value());
    sums.push_back(*sum);
  }
  client.close();
  co_return sums;
}

void no_increment_is_lost_or_seen_twice(std::uint16_t port) {
  constexpr int clients = 20;
  constexpr int times = 200;
  asio::io_context io(1);
  std::vector<std::future<std::vector<std::int64_t>>> outcomes;
  for (int i = 0; i < clients; ++i)
    outcomes.push_back(co_spawn(io, count_up(port, times), asio::use_future));
  io.run_for(std::chrono::seconds(60));
  std::vector<std::int64_t> seen;
  for (auto& outcome : outcomes) {
    const std::vector<std::int64_t> sums = outcome.get();
    CHECK(std::is_sorted(sums.begin(), sums.end()));
    seen.insert(seen.end(), sums.begin(), sums.end());
  }
  std::sort(seen.begin(), seen.end());
  std::vector<std::int64_t> all(clients * times);
  std::generate(all.begin(), all.end(), [next = 1]() mutable { return next++; });
  CHECK(seen == all);
}

}  // namespace

TEST_CASE("Server: clients can do everything with 1, 2, 4 and 8 workers", "[server][mpi]") {
  const int workers = GENERATE(1, 2, 4, 8);
  CAPTURE(workers);
  test::ServerSettings settings;
  settings.workers = workers;
  test::ServerProcess server(settings);

  follow_one_key(server.port());
  follow_one_key_in_lines(server.port());
  answers_keep_the_order_of_commands(server.port());
  values_of_all_sizes_come_back(server.port());
  commands_reach_all_nodes(server.port());
  no_increment_is_lost_or_seen_twice(server.port());
  CHECK(server.stop() == 0);
}

TEST_CASE("Server: every worker holds keys and says so", "[server][mpi]") {
  constexpr int workers = 4;
  test::ServerSettings settings;
  settings.workers = workers;
  test::ServerProcess server(settings);
  Connection connection(server.port());
  for (const std::string& key : test::keys_on_all_nodes(connection, workers))
    REQUIRE(connection.ask("C", key, "value") == Reply::status("OK"));
  REQUIRE(connection.ask("CONFIG", "RESETSTAT") == Reply::status("OK"));
  for (const std::string& key : test::keys_on_all_nodes(connection, workers))
    REQUIRE(connection.ask("R", key) == Reply::bulk("value"));

  // NODES counts what was answered before: the reads, and then itself.
  for (int i = 0; i < 2; ++i) {
    const Reply nodes = connection.ask("NODES");
    REQUIRE(nodes.elements().size() == workers);
    for (const Reply& node : nodes.elements()) {
      CHECK(test::field(node, "keys") == Reply::integer(1));
      CHECK(test::field(node, "requests") == Reply::integer(1 + i));
      CHECK(test::field(node, "failures") == Reply::integer(0));
    }
  }
}
