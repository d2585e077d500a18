#include "crash_writer.hpp"
#include "ranks.hpp"
#include "support/connection.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <random>
#include <set>
#include <sqlite3.h>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

// All processes of a server with files are killed while the ring is changed: then the next one is
// asked for everything. A fourth of PKV_CRASH_ROUNDS times, from PKV_CRASH_SEED.

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

constexpr int worker_count = 4;
constexpr unsigned writer_count = 2;
constexpr unsigned settled_key_count = 1500;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Entries in a node's file.
std::size_t rows(const std::filesystem::path& file) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open_v2(file.c_str(), &connection, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  std::size_t count = 0;
  const int code = sqlite3_exec(
      connection, "SELECT count(*) FROM kv",
      [](void* found, int, char** values, char**) {
        *static_cast<std::size_t*>(found) = std::stoul(values[0]);
        return 0;
      },
      &count, nullptr);
  sqlite3_close(connection);
  REQUIRE(code == SQLITE_OK);
  return count;
}

/// Asks for random changes of the ring until the server is gone.
void change_until_it_ends(std::uint16_t port, std::mt19937_64 random, bool may_fail) {
  try {
    Connection connection(port);
    for (;;) {
      static constexpr std::array changes{"WEIGHT",  "WEIGHT",  "DRAIN",
                                          "RESTORE", "RESTORE", "FAIL"};
      const std::string change = changes[random() % (changes.size() - (may_fail ? 0 : 1))];
      std::vector<std::string> words{"NODE", change, std::to_string(1 + random() % worker_count)};
      if (change == "WEIGHT") words.push_back(std::to_string(1 + random() % 3));
      connection.send(pkv::Command(words));
      static_cast<void>(connection.receive());  // some are refused
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
    }
  } catch (const std::exception&) {  // the end of the connection
  }
}

/// A store with writers of its own, over many servers.
class Store {
 public:
  Store(const std::string& replicas, std::uint64_t seed)
      : replicas_(std::stoul(replicas)),
        settings_{.workers = worker_count,
                  .arguments = {"--engine", "sqlite", "--data", folder_.path().string(),
                                "--replicas", replicas,
                                // On a busy machine silence is not death; two of those at once
                                // would be a loss that replicas do not cover.
                                "--heartbeat-limit", "10000"}} {
    for (unsigned id = 0; id < writer_count; ++id)
      writers_.emplace_back(id, seed);
    ServerProcess server(settings_);
    Connection connection(server.port());
    for (unsigned i = 0; i < settled_key_count; ++i)
      connection.send(pkv::Command("SET", "settled" + std::to_string(i), std::string(400, 's')));
    for (unsigned i = 0; i < settled_key_count; ++i)
      REQUIRE_FALSE(connection.receive().is_error());
    CHECK(server.stop() == 0);
  }

  /// Serves, audits, writes and changes the ring for a while, and kills. Returns whether that was
  /// in the middle of a change.
  bool run_a_round(std::mt19937_64& random) {
    ServerSettings settings = settings_;
    // Slow enough to be killed while copying, or fast enough to be killed while erasing, and after.
    const std::string limit = random() % 2 == 0 ? "400000" : "0";
    settings.arguments.insert(settings.arguments.end(), {"--copy-limit", limit});
    ServerProcess server(settings);
    audit(server);
    // Copies cover as many losses as there are replicas but one: NODE FAIL is one, too.
    const bool kills_one = replicas_ > 1 && random() % 2 == 0 && wait_until_whole(server);
    std::vector<std::jthread> threads;
    for (CrashWriter& writer : writers_)
      threads.emplace_back([&writer, &server] { writer.write_until_it_ends(server.port()); });
    threads.emplace_back([&server, seed = random(), may_fail = !kills_one || replicas_ > 2] {
      change_until_it_ends(server.port(), std::mt19937_64(seed), may_fail);
    });
    delete_some(server, random);
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % 600));
    std::vector<pid_t> processes = server.processes();
    std::ranges::shuffle(processes, random);
    if (kills_one) {
      const pid_t coordinator = working(server.child(), 0);
      const pid_t worker = working(server.child(), static_cast<int>(1 + random() % worker_count));
      REQUIRE((coordinator > 0 && worker > 0));
      kill(worker, SIGKILL);
      delete_some(server, random);
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 300));
      // Before the others, so that it does not see more losses at once than there are copies.
      kill(coordinator, SIGKILL);
    }
    for (const pid_t process : processes)
      kill(process, SIGKILL);
    REQUIRE(server.child().wait(20s));
    return has_leftovers();
  }

  /// Lets a last change come to its end: then files hold what they should, and nothing else.
  void end() {
    {
      ServerProcess server(settings_);
      audit(server);
      const auto deadline = std::chrono::steady_clock::now() + 30s;
      Connection connection(server.port());
      // Refused while copies are made equal.
      while (connection.ask("NODE", "RESTORE", "1").is_error() &&
             connection.ask("NODE", "WEIGHT", "1", "1.5").is_error() &&
             std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(10ms);
      while (has_leftovers() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(10ms);
      CHECK_FALSE(has_leftovers());
      audit(server);
      CHECK(server.stop() == 0);
    }
    std::size_t entries = 0;
    for (int node = 1; node <= worker_count; ++node)
      entries += rows(folder_.path() / ("node-" + std::to_string(node) + ".db"));
    CHECK(entries == replicas_ * keys_);
    for (const CrashWriter& writer : writers_)
      CHECK(writer.acknowledged() > 0);
  }

 private:
  void delete_some(const ServerProcess& server, std::mt19937_64& random) {
    Connection connection(server.port());
    for (int i = 0; i < 100; ++i) {
      const unsigned key = static_cast<unsigned>(random() % settled_key_count);
      connection.send(pkv::Command("DEL", "settled" + std::to_string(key)));
      deleted_.insert(key);
    }
    for (int i = 0; i < 100; ++i)
      REQUIRE_FALSE(connection.receive().is_error());
  }

  void audit(const ServerProcess& server) {
    Connection connection(server.port());
    keys_ = settled_key_count - deleted_.size();
    for (CrashWriter& writer : writers_) {
      for (const std::string& wrong : writer.audit(connection))
        FAIL_CHECK(wrong);
      keys_ += writer.keys_there();
    }
    for (unsigned key = 0; key < settled_key_count; ++key)
      connection.send(pkv::Command("GET", "settled" + std::to_string(key)));
    std::size_t lost = 0;
    std::size_t returned = 0;
    for (unsigned key = 0; key < settled_key_count; ++key) {
      const bool there = !connection.receive().is_nil();
      if (!there && !deleted_.contains(key)) ++lost;
      if (there && deleted_.contains(key)) ++returned;
    }
    CHECK(lost == 0);
    CHECK(returned == 0);
    CHECK(connection.ask("DBSIZE") == Reply::integer(static_cast<std::int64_t>(keys_)));
  }

  /// Waits until all nodes have what they shall, after an earlier crash.
  [[nodiscard]] static bool wait_until_whole(const ServerProcess& server) {
    Connection connection(server.port());
    const auto is_whole = [&connection] {
      const Reply nodes = connection.ask("NODES");
      return std::ranges::all_of(nodes.elements(), [](const Reply& node) {
        const std::string state(field(node, "state").text());
        return state == "up" || state == "drained";
      });
    };
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!is_whole() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(5ms);
    return is_whole();
  }

  [[nodiscard]] bool has_leftovers() const { return layout_has("leftovers"); }

  [[nodiscard]] bool layout_has(const std::string& name) const {
    std::ostringstream layout;
    layout << std::ifstream(folder_.path() / "pkv.layout").rdbuf();
    return layout.str().find(name) != std::string::npos;
  }

  TemporaryFolder folder_;
  std::size_t replicas_;
  ServerSettings settings_;
  std::vector<CrashWriter> writers_;
  std::set<unsigned> deleted_;
  std::size_t keys_ = 0;
};

TEST_CASE("Crash: what was acknowledged is there after kill -9 while the ring was changed",
          "[server][durable][crash]") {
  const std::uint64_t rounds =
      std::max(from_environment("PKV_CRASH_ROUNDS", 12) / 4, std::uint64_t{1});
  const std::uint64_t seed = from_environment("PKV_CRASH_SEED", std::random_device{}());
  const std::string replicas = GENERATE("1", "2", "3");
  CAPTURE(seed, replicas);
  std::mt19937_64 random(seed);
  Store store(replicas, seed);
  std::uint64_t in_the_middle = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(round);
    if (store.run_a_round(random)) ++in_the_middle;
  }
  store.end();
  INFO("killed in the middle of a change: " << in_the_middle << " of " << rounds);
  if (rounds >= 20) CHECK(in_the_middle > rounds / 4);
}

}  // namespace
}  // namespace pkv::test
