#include "integration/ranks.hpp"
#include "integration/talk.hpp"
#include "support/processes.hpp"
#include "support/server_process.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

// Servers whose worker processes are not started again when they die.

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

constexpr int key_count = 500;

ServerSettings with_spares(int workers, int spares, std::vector<std::string> arguments) {
  ServerSettings settings;
  settings.workers = workers;
  settings.arguments = {"--spares", std::to_string(spares)};
  settings.arguments.insert(settings.arguments.end(), arguments.begin(), arguments.end());
  return settings;
}

void put_keys(Conversation& client) {
  for (int i = 0; i < key_count; ++i)
    REQUIRE(client.ask_line("SET key" + std::to_string(i) + " v\r\n") == "+OK\r\n");
}

/// Whether no key has been lost.
bool has_all_keys(Conversation& client) {
  bool all = client.ask_line("DBSIZE\r\n") == ":" + std::to_string(key_count) + "\r\n";
  for (int i = 0; i < key_count; ++i)
    all = client.ask("GET key" + std::to_string(i) + "\r\n", "$1\r\nv\r\n") == "$1\r\nv\r\n" && all;
  return all;
}

std::size_t times_said(ServerProcess& server, const std::string& words) {
  const std::string log = server.child().errors();
  std::size_t times = 0;
  for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1))
    ++times;
  return times;
}

bool wait_until_said(ServerProcess& server, const std::string& words, std::size_t times = 1) {
  return wait_until([&] { return times_said(server, words) >= times; }, patience);
}

TEST_CASE("Worker spares: they take the places of dead workers, and nothing is lost",
          "[server][worker_loss]") {
  ServerProcess server(with_spares(3, 2, {"--replicas", "2", "--on-worker-loss", "spare"}));
  Conversation client(server.port());
  put_keys(client);
  // A stopped one is found out by its silence.
  std::size_t losses = 0;
  for (const int signal : {SIGKILL, SIGSTOP}) {
    const int rank = static_cast<int>(++losses);
    CAPTURE(rank, signal);
    kill(working(server.child(), rank), signal);
    INFO(server.child().errors());
    CHECK(wait_until_said(server, "takes the place of node", losses));
    CHECK(has_all_keys(client));
    CHECK(wait_until_said(server, "holds all that it shall", losses));
    CHECK(wait_until([&] { return working(server.child(), rank) == 0; }, patience));
  }
  CHECK(has_all_keys(client));
  // None is left for this one: the others have its keys.
  kill(working(server.child(), 3), SIGKILL);
  CHECK(wait_until_said(server, "is lost", losses + 1));
  CHECK(has_all_keys(client));
  CHECK(client.ask_line("SET another v\r\n") == "+OK\r\n");
  CHECK(times_said(server, "takes the place of node") == losses);
  CHECK(times_said(server, "is back as process") == 0);
  CHECK(working(server.child(), 3) == 0);
  CHECK(server.stop() == 0);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
}

TEST_CASE("Worker spares: without replicas the keys of the dead are gone, and others are served",
          "[server][worker_loss]") {
  ServerProcess server(with_spares(2, 0, {"--on-worker-loss", "spare"}));
  Conversation client(server.port());
  put_keys(client);
  kill(working(server.child(), 2), SIGKILL);
  REQUIRE(wait_until_said(server, "is lost"));
  std::size_t there = 0;
  std::size_t refused = 0;
  for (int i = 0; i < key_count; ++i) {
    const std::string answer = client.ask_line("EXISTS key" + std::to_string(i) + "\r\n");
    if (answer == ":1\r\n") ++there;
    if (answer.starts_with("-NODEDOWN ")) ++refused;
  }
  CHECK(there > 0);
  CHECK(refused > 0);
  CHECK(there + refused == key_count);
  CHECK(server.stop() == 0);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
}

TEST_CASE("Worker spares: where processes cannot return, the server says why and uses spares",
          "[server][worker_loss]") {
  ServerSettings settings = with_spares(2, 1, {"--replicas", "2", "--on-worker-loss", "restart"});
  // With this, MPICH connects in an order in which it is not known whose connection is whose.
  settings.environment = {"MPIR_CVAR_CH4_ROOTS_ONLY_PMI=1"};
  ServerProcess server(settings);
  // What it logs and that it is ready come on different ways.
  const std::string warning = "lost workers cannot be started again: MPIR_CVAR_CH4_ROOTS_ONLY_PMI";
  CHECK(wait_until_said(server, warning));
  CHECK(times_said(server, warning) == 1);
  Conversation client(server.port());
  put_keys(client);
  kill(working(server.child(), 1), SIGKILL);
  INFO(server.child().errors());
  CHECK(wait_until_said(server, "takes the place of node"));
  CHECK(wait_until_said(server, "holds all that it shall"));
  CHECK(has_all_keys(client));
  CHECK(working(server.child(), 1) == 0);
  CHECK(server.stop() == 0);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
}

}  // namespace
}  // namespace pkv::test
