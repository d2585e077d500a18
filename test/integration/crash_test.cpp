#include "crash_writer.hpp"
#include "support/connection.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

// All processes of a server with files are killed at a random moment, under load; then the next
// server is asked for everything. Again and again: PKV_CRASH_ROUNDS times, from PKV_CRASH_SEED.

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned writer_count = 3;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::size_t completed_at_start(Connection& connection) {
  const std::string info(connection.ask("INFO", "persistence").text());
  const std::string name = "commands_completed_at_start:";
  const std::size_t at = info.find(name);
  REQUIRE(at != std::string::npos);
  return std::stoull(info.substr(at + name.size()));
}

/// A store with writers of its own, over many servers.
class Store {
 public:
  Store(const std::string& durability, const std::string& replicas, std::uint64_t seed)
      : settings_{.workers = 3,
                  .arguments = {"--engine", "sqlite", "--data", folder_.path().string(),
                                "--durability", durability, "--replicas", replicas}} {
    for (unsigned id = 0; id < writer_count; ++id)
      writers_.emplace_back(id, seed);
  }

  /// Serves, audits, writes for a while, and kills.
  void run_a_round(std::mt19937_64& random) {
    settings_.by_mpiexec = random() % 4 == 0;  // then rank 0 does what the launcher does else
    ServerProcess server(settings_);
    audit(server);
    std::vector<std::jthread> threads;
    for (CrashWriter& writer : writers_)
      threads.emplace_back([&writer, &server] { writer.write_until_it_ends(server.port()); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 600));
    std::vector<pid_t> processes = server.processes();
    std::ranges::shuffle(processes, random);
    for (const pid_t process : processes)
      kill(process, SIGKILL);
    REQUIRE(server.child().wait(20s));
  }

  void audit(const ServerProcess& server) {
    Connection connection(server.port());
    std::size_t keys = 0;
    for (CrashWriter& writer : writers_) {
      if (first_) writer.choose_pairs(connection);
      for (const std::string& wrong : writer.audit(connection))
        FAIL_CHECK(wrong);
      keys += writer.keys_there();
    }
    first_ = false;
    completed += completed_at_start(connection);
    CHECK(connection.ask("DBSIZE") == Reply::integer(static_cast<std::int64_t>(keys)));
  }

  void end() {
    ServerProcess server(settings_);
    audit(server);
    CHECK(server.stop() == 0);
    for (const CrashWriter& writer : writers_)
      CHECK(writer.acknowledged() > 0);
  }

  std::size_t completed = 0;  ///< Commands that a kill had torn, by all the next servers.

 private:
  TemporaryFolder folder_;
  ServerSettings settings_;
  std::vector<CrashWriter> writers_;
  bool first_ = true;
};

TEST_CASE("Crash: what was acknowledged is there after kill -9 of all processes",
          "[server][durable][crash]") {
  const std::uint64_t rounds = from_environment("PKV_CRASH_ROUNDS", 8);
  const std::uint64_t seed = from_environment("PKV_CRASH_SEED", std::random_device{}());
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const std::vector<std::pair<std::string, std::string>> kinds{
      {"batch", "1"}, {"batch", "2"}, {"fsync", "1"}, {"fsync", "2"}};
  std::vector<std::unique_ptr<Store>> stores;
  for (const auto& [durability, replicas] : kinds)
    stores.push_back(std::make_unique<Store>(durability, replicas, seed));
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const auto& [durability, replicas] = kinds[round % kinds.size()];
    CAPTURE(round, durability, replicas);
    stores[round % kinds.size()]->run_a_round(random);
  }
  std::size_t completed = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(rounds, kinds.size()); ++i) {
    stores[i]->end();
    completed += stores[i]->completed;
  }
  if (completed > 0) WARN("completed: " << completed << " commands on several nodes");
}

}  // namespace
}  // namespace pkv::test
