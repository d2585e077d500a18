#include "pkv/client.hpp"
#include "pkv/command.hpp"

#include "support/connection.hpp"
#include "support/program.hpp"
#include "support/run.hpp"
#include "support/server_process.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <random>
#include <string>
#include <vector>

// Commands over several keys, each on a worker of its own, happen at one moment: no other client
// sees some of their keys before and some after.
namespace {

namespace asio = boost::asio;
using namespace pkv;
using Clock = std::chrono::steady_clock;

constexpr int workers = 4;
constexpr std::chrono::seconds duration{3};

/// What all clients of a test share.
struct Scene {
  std::uint16_t port;
  std::vector<std::string> keys;  // one for each worker
  Clock::time_point end = Clock::now() + duration;
};

pkv::Command over(const char* name, const std::vector<std::string>& keys) {
  pkv::Command command(name);
  for (const std::string& key : keys)
    command.add(key);
  return command;
}

/// Sends commands until the time is up, in pipelines of random lengths, so that they meet those of
/// others in frames that begin and end anywhere. Returns how many replies `judge` refused.
asio::awaitable<int> repeat(const Scene& scene, std::uint64_t seed,
                            std::function<pkv::Command(std::mt19937_64&)> next,
                            std::function<bool(const Reply&)> judge) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int> lengths(1, 20);
  Client client(co_await asio::this_coro::executor);
  const result<void> connected = co_await client.connect("127.0.0.1", scene.port);
  REQUIRE(connected.has_value());
  int refused = 0;
  while (Clock::now() < scene.end) {
    Pipeline pipeline;
    for (int left = lengths(random); left > 0; --left)
      pipeline.add(next(random));
    const result<std::vector<Reply>> replies = co_await client.execute(std::move(pipeline));
    REQUIRE(replies.has_value());
    refused += static_cast<int>(std::count_if(replies->begin(), replies->end(),
                                              [&](const Reply& reply) { return !judge(reply); }));
  }
  client.close();
  co_return refused;
}

/// A value that no other command writes; of various sizes, up to more than one frame.
std::string any_value(std::mt19937_64& random) {
  const bool is_large = std::uniform_int_distribution<int>(0, 200)(random) == 0;
  std::string value = std::to_string(random());
  if (is_large) value.resize(std::size_t{300} << 10, '.');
  return value;
}

pkv::Command set_all(const Scene& scene, std::mt19937_64& random) {
  pkv::Command command("MSET");
  const std::string value = any_value(random);
  for (const std::string& key : scene.keys)
    command.add(key).add(value);
  return command;
}

bool are_equal(const Reply& values) {
  const std::vector<Reply>& all = values.elements();
  return all.size() == workers &&
         std::all_of(all.begin(), all.end(), [&](const Reply& one) { return one == all.front(); });
}

bool is_all_or_none(const Reply& count) {
  return count == Reply::integer(0) || count == Reply::integer(workers);
}

bool is_ok(const Reply& reply) {
  return reply == Reply::status("OK");
}

class Crowd {
 public:
  Crowd(const Scene& scene, std::uint64_t seed) : scene_(scene), seed_(seed) {}

  void add(std::function<pkv::Command(std::mt19937_64&)> next,
           std::function<bool(const Reply&)> judge) {
    refused_.push_back(co_spawn(io_, repeat(scene_, seed_++, std::move(next), std::move(judge)),
                                asio::use_future));
  }
  /// The number of replies that were refused.
  int run() {
    io_.run_for(duration + std::chrono::seconds(60));
    int all = 0;
    for (std::future<int>& refused : refused_)
      all += refused.get();
    return all;
  }

 private:
  asio::io_context io_{1};
  const Scene& scene_;
  std::uint64_t seed_;
  std::vector<std::future<int>> refused_;
};

test::ServerSettings four_workers() {
  test::ServerSettings settings;
  settings.workers = workers;
  settings.by_mpiexec = true;
  return settings;
}

}  // namespace

TEST_CASE("MSET and MGET over several workers never mix", "[server][mpi][atomicity]") {
  test::ServerProcess server(four_workers());
  test::Connection connection(server.port());
  const Scene scene{server.port(), test::keys_on_all_nodes(connection, workers)};
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);

  Crowd crowd(scene, seed);
  for (int i = 0; i < 3; ++i) {
    crowd.add([&](std::mt19937_64& random) { return set_all(scene, random); }, is_ok);
    crowd.add([&](std::mt19937_64&) { return over("MGET", scene.keys); }, are_equal);
  }
  CHECK(crowd.run() == 0);
  CHECK(connection.ask("EXISTS", scene.keys[0], scene.keys[3]) == Reply::integer(2));
  CHECK(server.stop() == 0);
}

TEST_CASE("DEL and EXISTS over several workers see all keys or none", "[server][mpi][atomicity]") {
  test::ServerProcess server(four_workers());
  test::Connection connection(server.port());
  const Scene scene{server.port(), test::keys_on_all_nodes(connection, workers)};
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);

  Crowd crowd(scene, seed);
  for (int i = 0; i < 2; ++i) {
    crowd.add([&](std::mt19937_64& random) { return set_all(scene, random); }, is_ok);
    crowd.add([&](std::mt19937_64&) { return over("DEL", scene.keys); }, is_all_or_none);
    crowd.add([&](std::mt19937_64&) { return over("EXISTS", scene.keys); }, is_all_or_none);
    crowd.add([&](std::mt19937_64&) { return over("MGET", scene.keys); }, are_equal);
  }
  CHECK(crowd.run() == 0);
  CHECK(server.stop() == 0);
}

TEST_CASE("MSET and MGET never mix while others load the server fully",
          "[server][mpi][atomicity]") {
  test::ServerProcess server(four_workers());
  test::Connection connection(server.port());
  const Scene scene{server.port(), test::keys_on_all_nodes(connection, workers)};
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);

  std::future<test::Outcome> load = std::async(std::launch::async, [&] {
    return test::run_program({PKV_BENCH_PROGRAM, "--port", std::to_string(server.port()),
                              "--records", "10000", "--workload", "a", "--clients", "20",
                              "--pipeline", "16", "--warm-up", "0", "--duration",
                              std::to_string(duration.count()), "--quiet"});
  });
  Crowd crowd(scene, seed);
  for (int i = 0; i < 3; ++i) {
    crowd.add([&](std::mt19937_64& random) { return set_all(scene, random); }, is_ok);
    crowd.add([&](std::mt19937_64&) { return over("MGET", scene.keys); }, are_equal);
  }
  CHECK(crowd.run() == 0);
  const test::Outcome loaded = load.get();
  CAPTURE(loaded.output, loaded.errors);
  CHECK(loaded.exit_status == 0);  // and each value that it read was right
  CHECK(server.stop() == 0);
}
