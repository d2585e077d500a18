#include "integration/talk.hpp"
#include "support/processes.hpp"
#include "support/server_process.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

// Servers whose worker processes are replaced when they die.

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

// For what takes milliseconds on a machine that is free.
constexpr auto patience = 60s;

ServerSettings lasting(int workers, std::vector<std::string> arguments = {}) {
  ServerSettings settings;
  settings.workers = workers;
  settings.arguments = {"--on-worker-loss", "restart"};
  settings.arguments.insert(settings.arguments.end(), arguments.begin(), arguments.end());
  return settings;
}

/// The process that does the work of a rank; 0 if there is none right now.
pid_t working(ChildProcess& server, int rank) {
  for (const pid_t process : server.tree())
    if (environment_of(process, "PMI_RANK") == std::to_string(rank) &&
        !environment_of(process, "PKV_EPOCH").empty() && is_running(process))
      return process;
  return 0;
}

/// The process that keeps its place.
pid_t keeper(ChildProcess& server, int rank) {
  for (const pid_t process : server.tree())
    if (environment_of(process, "PMI_RANK") == std::to_string(rank) &&
        environment_of(process, "PKV_EPOCH").empty())
      return process;
  return 0;
}

/// Waits until rank 0 uses this incarnation of a rank. Returns its process, or 0.
pid_t await_return(ChildProcess& server, int rank, int epoch) {
  pid_t process = 0;
  const bool back = wait_until(
      [&] {
        process = working(server, rank);
        return process != 0 && environment_of(process, "PKV_EPOCH") == std::to_string(epoch) &&
               server.errors().find("back as process " + std::to_string(process) + ", epoch " +
                                    std::to_string(epoch)) != std::string::npos;
      },
      patience);
  return back ? process : 0;
}

/// Whether commands on keys of all nodes are answered.
bool serves(const ServerProcess& server) {
  Conversation client(server.port());
  bool all = true;
  for (int i = 0; i < 50; ++i) {
    const std::string key = "key" + std::to_string(i);
    all = all && client.ask("SET " + key + " value\r\n", "+OK\r\n") == "+OK\r\n";
    all = all && client.ask("GET " + key + "\r\n", "$5\r\nvalue\r\n") == "$5\r\nvalue\r\n";
  }
  return all;
}

TEST_CASE("Worker loss: the process of a worker is replaced, however it ends",
          "[server][worker_loss]") {
  ServerProcess server(lasting(3));
  CHECK(serves(server));
  const pid_t rank_0 = working(server.child(), 0);
  const pid_t other = working(server.child(), 1);
  int epoch = 1;
  // A stopped one is found out by its silence.
  for (const int signal : {SIGKILL, SIGSEGV, SIGABRT, SIGSTOP, SIGKILL}) {
    CAPTURE(signal, epoch);
    const pid_t before = working(server.child(), 2);
    REQUIRE(before != 0);
    CHECK(environment_of(before, "PKV_EPOCH") == std::to_string(epoch));
    kill(before, signal);
    const pid_t after = await_return(server.child(), 2, ++epoch);
    INFO(server.child().errors());
    REQUIRE(after != 0);
    CHECK(after != before);
    CHECK_FALSE(is_running(before));
    CHECK(serves(server));
  }
  CHECK(working(server.child(), 0) == rank_0);
  CHECK(working(server.child(), 1) == other);
  CHECK(server.stop() == 0);
  CHECK(wait_until_gone(server.child().tree(), 5s).empty());
}

TEST_CASE("Worker loss: all workers may die at the same time", "[server][worker_loss]") {
  ServerProcess server(lasting(3));
  for (int epoch = 1; epoch <= 3; ++epoch) {
    for (int rank = 1; rank <= 3; ++rank)
      kill(working(server.child(), rank), SIGKILL);
    for (int rank = 1; rank <= 3; ++rank)
      REQUIRE(await_return(server.child(), rank, epoch + 1) != 0);
    INFO(server.child().errors());
    CHECK(serves(server));
  }
  CHECK(server.stop() == 0);
}

TEST_CASE("Worker loss: processes may die while the job starts", "[server][worker_loss]") {
  const int deaths = GENERATE(1, 3);
  const int victim = GENERATE(1, 2);
  CAPTURE(deaths, victim);
  TemporaryFolder folder;
  const auto port_file = folder.path() / "port";
  ChildProcess server({.arguments = {PKV_SERVER_PATH, "--port", "0", "--port-file", port_file,
                                     "--workers", "2", "--on-worker-loss", "restart"}});
  for (int epoch = 1; epoch <= deaths; ++epoch) {
    pid_t process = 0;
    REQUIRE(wait_until(
        [&] {
          process = working(server, victim);
          return process != 0 && environment_of(process, "PKV_EPOCH") == std::to_string(epoch);
        },
        patience));
    kill(process, SIGKILL);
  }
  CHECK(wait_until([&] { return std::filesystem::exists(port_file); }, patience));
  REQUIRE(await_return(server, victim, deaths + 1) != 0);
  INFO(server.errors());
  std::uint16_t port = 0;
  std::ifstream(port_file) >> port;
  Conversation client(port);
  for (const char* key : {"a", "b", "c", "d", "e", "f"})
    CHECK(client.ask("SET " + std::string(key) + " v\r\n", "+OK\r\n") == "+OK\r\n");
  server.send_signal(SIGTERM);
  CHECK(server.wait(patience) == 0);
}

TEST_CASE("Worker loss: a rank 0 that was stopped blames nobody", "[server][worker_loss]") {
  ServerProcess server(lasting(2));
  const pid_t rank_0 = working(server.child(), 0);
  kill(rank_0, SIGSTOP);
  const timespec longer_than_the_limit{1, 500'000'000};
  nanosleep(&longer_than_the_limit, nullptr);
  kill(rank_0, SIGCONT);
  CHECK(serves(server));
  CHECK(server.child().errors().find("is lost") == std::string::npos);
  CHECK(server.stop() == 0);
}

TEST_CASE("Worker loss: a keeper that was stopped has its worker replaced when it is back",
          "[server][worker_loss]") {
  ServerProcess server(lasting(2));
  const pid_t stopped = keeper(server.child(), 1);
  REQUIRE(stopped != 0);
  kill(stopped, SIGSTOP);
  CHECK(wait_until([&] { return server.child().errors().find("is lost") != std::string::npos; },
                   patience));
  kill(stopped, SIGCONT);
  REQUIRE(await_return(server.child(), 1, 2) != 0);
  CHECK(serves(server));
  CHECK(server.stop() == 0);
}

TEST_CASE("Worker loss: an orderly end needs no worker that lives", "[server][worker_loss]") {
  const int signal = GENERATE(SIGKILL, SIGSTOP);
  const bool by_mpiexec = GENERATE(false, true);
  CAPTURE(signal, by_mpiexec);
  ServerSettings settings = lasting(2);
  settings.by_mpiexec = by_mpiexec;
  ServerProcess server(settings);
  kill(working(server.child(), 1), signal);
  CHECK(server.stop() == 0);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
}

TEST_CASE("Worker loss: SIGTERM or SIGINT to whatever the user sees ends the server",
          "[server][worker_loss]") {
  enum class To { launcher, mpiexec, keeper_of_rank_0, rank_0 };
  const To to = GENERATE(To::launcher, To::mpiexec, To::keeper_of_rank_0, To::rank_0);
  const int signal = GENERATE(SIGTERM, SIGINT);
  CAPTURE(static_cast<int>(to), signal);
  ServerProcess server(lasting(2, {"--log-level", "warning"}));
  pid_t target = server.process_id();
  if (to == To::mpiexec) target = server.mpiexec();
  if (to == To::keeper_of_rank_0) target = keeper(server.child(), 0);
  if (to == To::rank_0) target = working(server.child(), 0);
  kill(target, signal);
  CHECK(server.child().wait(patience) == 0);
  CHECK(server.child().errors().empty());
  CHECK(wait_until_gone(server.processes(), 5s).empty());
  CHECK_FALSE(std::filesystem::exists(server.port_file()));
}

TEST_CASE("Worker loss: after kill -9 of what holds the job together everything is gone",
          "[server][worker_loss]") {
  enum class Victim { launcher, mpiexec, proxy, keeper_of_rank_0, rank_0, keeper_of_worker };
  const Victim victim =
      GENERATE(Victim::launcher, Victim::mpiexec, Victim::proxy, Victim::keeper_of_rank_0,
               Victim::rank_0, Victim::keeper_of_worker);
  CAPTURE(static_cast<int>(victim));
  ServerProcess server(lasting(2));
  REQUIRE(server.processes().size() == 9);
  pid_t target = server.process_id();
  if (victim == Victim::mpiexec) target = server.mpiexec();
  if (victim == Victim::proxy) target = server.proxy();
  if (victim == Victim::keeper_of_rank_0) target = keeper(server.child(), 0);
  if (victim == Victim::rank_0) target = working(server.child(), 0);
  if (victim == Victim::keeper_of_worker) target = keeper(server.child(), 2);
  kill(target, SIGKILL);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
  CHECK(server.child().wait(5s).value_or(0) != 0);
}

TEST_CASE("Worker loss: a start that fails says why, and ends with a status",
          "[server][worker_loss]") {
  const ServerProcess other({.workers = 1});
  const Ended ended = run_server({.arguments = {"--port", std::to_string(other.port()), "--workers",
                                                "2", "--on-worker-loss", "restart"}});
  CHECK(ended.exit_status == 1);
  CHECK_THAT(ended.errors, Catch::Matchers::StartsWith("pkv_server: port ") &&
                               Catch::Matchers::Contains("any free one\n"));
}

TEST_CASE("Worker loss: options that contradict each other are refused", "[server][worker_loss]") {
  const std::vector<std::string> arguments = GENERATE(
      std::vector<std::string>{"--on-worker-loss", "restart", "--transport", "shm"},
      std::vector<std::string>{"--replicas", "2", "--transport", "shm"},
      std::vector<std::string>{"--replicas", "4"}, std::vector<std::string>{"--replicas", "0"},
      std::vector<std::string>{"--heartbeat-limit", "199"},
      std::vector<std::string>{"--on-worker-loss", "panic"});
  const Ended ended = run_server({.arguments = arguments});
  CHECK(ended.exit_status == 2);
  CHECK_THAT(ended.errors, Catch::Matchers::Contains(arguments[arguments.size() - 2]));
}

}  // namespace
}  // namespace pkv::test
