#include "pkv/command.hpp"

#include "support/connection.hpp"
#include "support/hardship.hpp"
#include "support/server_process.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

// What a command may hold, and what becomes of those that hold more or are none.
namespace {

using namespace pkv;
using test::Connection;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

test::ServerSettings settings_with(std::vector<std::string> arguments) {
  test::ServerSettings settings;
  settings.arguments = std::move(arguments);
  return settings;
}

}  // namespace

TEST_CASE("Keys and values at the limit are stored, one byte more is refused", "[server][mpi]") {
  constexpr std::size_t key_limit = 1'000;
  constexpr std::size_t value_limit = 300'000;
  test::ServerProcess server(
      settings_with({"--max-key-bytes", "1000", "--max-value-bytes", "300000"}));
  Connection connection(server.port());
  const std::string longest_key(key_limit, 'k');
  const std::string longest_value(value_limit, 'v');

  CHECK(connection.ask("C", longest_key, longest_value) == Reply::status("OK"));
  const bool is_same = connection.ask("R", longest_key) == Reply::bulk(longest_value);
  CHECK(is_same);
  for (const char* command : {"R", "D", "GET", "INCR"})
    CHECK(connection.ask(command, longest_key + 'k') ==
          Reply::error("ERR key is longer than the limit"));
  CHECK(connection.ask("SET", longest_key + 'k', "") ==
        Reply::error("ERR key is longer than the limit"));
  CHECK(connection.ask("MSET", "a", "1", longest_key + 'k', "2").is_error());
  CHECK(connection.ask("EXISTS", "a") == Reply::integer(0));
  CHECK(connection.ask("APPEND", longest_key, "v").is_error());
  CHECK(connection.ask("STRLEN", longest_key) == Reply::integer(value_limit));

  // Its bytes are not worth receiving, so the connection ends with the refusal.
  Connection hasty(server.port());
  hasty.send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$300001\r\n");
  const Reply refusal = hasty.receive();
  CHECK(refusal.is_error());
  CHECK(connection.ask("EXISTS", "a") == Reply::integer(0));
  test::check_unharmed(server);
}

TEST_CASE("Any bytes, and none, are a key and a value", "[server][mpi]") {
  test::ServerProcess server;
  Connection connection(server.port());
  std::string every_byte(256, '\0');
  for (std::size_t at = 0; at < every_byte.size(); ++at)
    every_byte[at] = static_cast<char>(at);
  const std::vector<std::string> keys = {"",
                                         std::string(1, '\0'),
                                         std::string(2, '\0'),
                                         "\xff",
                                         "\xff\xff",
                                         "\r\n",
                                         "a",
                                         std::string("a\0", 2),
                                         "a\r\n",
                                         every_byte,
                                         " ",
                                         "\"quoted\""};
  for (const std::string& key : keys) {
    CAPTURE(key);
    REQUIRE(connection.ask("C", key, every_byte + key) == Reply::status("OK"));
  }
  CHECK(connection.ask("DBSIZE") == Reply::integer(std::ssize(keys)));
  for (const std::string& key : keys) {
    CAPTURE(key);
    CHECK(connection.ask("R", key) == Reply::bulk(every_byte + key));
    CHECK(connection.ask("U", key, "") == Reply::status("OK"));
    CHECK(connection.ask("R", key) == Reply::bulk(""));
    CHECK(connection.ask("D", key) == Reply::status("OK"));
  }
  CHECK(connection.ask("DBSIZE") == Reply::integer(0));
}

TEST_CASE("A large value that is announced and never sent costs nothing", "[server][mpi]") {
  test::ServerProcess server;
  const std::size_t before = test::resident_bytes_of(server.rank(0));
  Connection too_large(server.port());
  too_large.send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1073741824\r\n");
  CHECK(too_large.receive_rest() == "-ERR Protocol error: invalid bulk length\r\n");

  // Half of that is allowed, and ten clients may announce it.
  std::vector<Connection> idle;
  for (int i = 0; i < 10; ++i) {
    idle.emplace_back(server.port());
    idle.back().send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$536870912\r\nfirst bytes");
  }
  test::check_unharmed(server);
  CHECK(test::resident_bytes_of(server.rank(0)) < before + 64 * mebibyte);
  idle.clear();
  test::check_unharmed(server);
}

TEST_CASE("Bytes that are no commands end one connection and nothing else", "[server][mpi]") {
  test::ServerProcess server;
  Connection other(server.port());
  const std::vector<std::string> garbage = {"*1\r\n:1\r\n",
                                            "*-2\r\n",
                                            "*99999999999999999999\r\n",
                                            "*2\r\n$-5\r\n",
                                            "*1\r\n$x\r\nPING\r\n",
                                            "*1\r\n$4\nPING\r\n",
                                            "*2000000\r\n",
                                            std::string(100'000, 'x')};
  for (const std::string& bytes : garbage) {
    CAPTURE(bytes.substr(0, 40));
    Connection hostile(server.port());
    hostile.send(bytes);
    hostile.finish_sending();
    // An error, or nothing where the bytes are the beginning of a command; then the end.
    while (const std::optional<Reply> reply = hostile.receive_or_end())
      CHECK(reply->is_error());
    CHECK(other.ask("PING") == Reply::status("PONG"));
  }
  CHECK(other.ask("DBSIZE") == Reply::integer(0));
  test::check_unharmed(server);
}
