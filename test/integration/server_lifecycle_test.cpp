#include "integration/talk.hpp"
#include "support/processes.hpp"
#include "support/server_process.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("Server: starts its ranks, serves, and ends with status 0", "[server][lifecycle]") {
  ServerProcess server({.workers = 4});
  // Standard output comes through mpiexec, perhaps a little after the port file.
  CHECK(wait_until([&server] { return !server.child().output().empty(); }, 5s));
  CHECK(server.child().output() ==
        "pkv_server is ready on 127.0.0.1:" + std::to_string(server.port()) + " with 4 workers\n");
  Conversation client(server.port());
  for (int i = 0; i < 50; ++i) {
    const std::string key = "key" + std::to_string(i);
    CHECK(client.ask("SET " + key + " value\r\n", "+OK\r\n") == "+OK\r\n");
    CHECK(client.ask("GET " + key + "\r\n", "$5\r\nvalue\r\n") == "$5\r\nvalue\r\n");
  }
  CHECK(server.stop() == 0);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
  CHECK_FALSE(std::filesystem::exists(server.port_file()));
}

TEST_CASE("Server: carries large values over either transport", "[server][lifecycle]") {
  const std::string transport = GENERATE("shm", "tcp");
  CAPTURE(transport);
  ServerProcess server({.workers = 2, .arguments = {"--transport", transport}});
  Conversation client(server.port());
  const std::string value(3'000'000, 'v');
  const std::string length = std::to_string(value.size());
  CHECK(client.ask("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + length + "\r\n" + value + "\r\n",
                   "+OK\r\n") == "+OK\r\n");
  const std::string expected = "$" + length + "\r\n" + value + "\r\n";
  CHECK((client.ask("GET k\r\n", expected) == expected));
  CHECK(server.stop() == 0);
}

TEST_CASE("Server: its ranks are asked to use huge pages, unless the user has set how",
          "[server][lifecycle]") {
  const bool set_by_user = GENERATE(false, true);
  const std::string theirs = "glibc.malloc.hugetlb=0";
  ServerSettings settings{.workers = 1};
  if (set_by_user) settings.environment = {"GLIBC_TUNABLES=" + theirs};
  ServerProcess server(settings);
  for (const int rank : {0, 1}) {
    const std::string tunables = environment_of(server.rank(rank), "GLIBC_TUNABLES");
    CHECK((tunables == theirs) == set_by_user);
    CHECK((tunables.find("hugetlb=1") != std::string::npos) != set_by_user);
  }
  CHECK(server.stop() == 0);
}

TEST_CASE("Server: SIGTERM or SIGINT to what the user started ends it with status 0",
          "[server][lifecycle]") {
  const int signal = GENERATE(SIGTERM, SIGINT);
  const bool by_mpiexec = GENERATE(false, true);
  CAPTURE(signal, by_mpiexec);
  ServerProcess server({.workers = 1, .by_mpiexec = by_mpiexec});
  CHECK(server.stop(signal) == 0);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
}

TEST_CASE("Server: SIGTERM to mpiexec or rank 0 ends it with status 0", "[server][lifecycle]") {
  const bool to_rank_0 = GENERATE(false, true);
  CAPTURE(to_rank_0);
  ServerProcess server({.workers = 1});
  kill(to_rank_0 ? server.rank(0) : server.mpiexec(), SIGTERM);
  CHECK(server.child().wait(10s) == 0);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
}

TEST_CASE("Server: ends also where it was started by somebody who ignores the ends of children",
          "[server][lifecycle]") {
  std::signal(SIGCHLD, SIG_IGN);  // is inherited
  ServerProcess server({.workers = 1});
  std::signal(SIGCHLD, SIG_DFL);
  CHECK(server.stop() == 0);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
}

TEST_CASE("Server: an orderly end is quiet", "[server][lifecycle]") {
  ServerProcess server({.workers = 2, .arguments = {"--log-level", "warning"}});
  CHECK(server.stop(SIGINT) == 0);
  CHECK(server.child().errors().empty());
}

TEST_CASE("Server: workers ignore the signals that end the coordinator", "[server][lifecycle]") {
  ServerProcess server({.workers = 1});
  kill(server.rank(1), SIGTERM);
  kill(server.rank(1), SIGINT);
  Conversation client(server.port());
  CHECK(client.ask("SET k v\r\n", "+OK\r\n") == "+OK\r\n");
  CHECK(server.stop() == 0);
}

TEST_CASE("Server: answers what it has received before it ends", "[server][lifecycle]") {
  ServerProcess server({.workers = 2});
  Conversation client(server.port());
  CHECK(client.ask("PING\r\n", "+PONG\r\n") == "+PONG\r\n");
  std::string commands;
  std::string replies;
  for (int i = 0; i < 1000; ++i) {
    commands += "SET k" + std::to_string(i) + " v\r\n";
    replies += "+OK\r\n";
  }
  client.send(commands);
  CHECK(client.receive(5) == "+OK\r\n");
  server.child().send_signal(SIGTERM);
  const std::string rest = client.receive(replies.size() - 5);
  // What was still on its way to the server need not be answered, but no answer is cut or wrong.
  CHECK(rest.size() % 5 == 0);
  CHECK(replies.starts_with(rest));
  CHECK(server.child().wait(10s) == 0);
}

}  // namespace
}  // namespace pkv::test
