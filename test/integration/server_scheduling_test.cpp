#include "integration/talk.hpp"
#include "support/processes.hpp"
#include "support/server_process.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <sched.h>

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

int allowed_cpus(pid_t process) {
  cpu_set_t set;
  CPU_ZERO(&set);
  REQUIRE(sched_getaffinity(process, sizeof set, &set) == 0);
  return CPU_COUNT(&set);
}

TEST_CASE("Server: processes that outnumber the CPUs gather on one", "[server][cpus]") {
  const int cpus = allowed_cpus(0);
  if (cpus < 2) return;
  ServerProcess server({.workers = cpus});
  CHECK(wait_until(
      [&] { return allowed_cpus(server.rank(0)) == 1 && allowed_cpus(server.rank(cpus)) == 1; },
      10s));
  // Where the tests run by another policy than the usual one, that is kept.
  const int inherited = sched_getscheduler(0);
  const int expected = inherited == SCHED_OTHER ? SCHED_BATCH : inherited;
  for (int rank = 0; rank <= cpus; ++rank)
    CHECK(sched_getscheduler(server.rank(rank)) == expected);
  Conversation client(server.port());
  CHECK(client.ask("SET k v\r\n", "+OK\r\n") == "+OK\r\n");
  CHECK(server.stop() == 0);
}

TEST_CASE("Server: leaves its processes to the system if it is told to", "[server][cpus]") {
  const int cpus = allowed_cpus(0);
  ServerProcess server({.workers = cpus, .arguments = {"--scheduling", "system"}});
  Conversation client(server.port());
  CHECK(client.ask("SET k v\r\n", "+OK\r\n") == "+OK\r\n");
  CHECK(allowed_cpus(server.rank(1)) == cpus);
  CHECK(sched_getscheduler(server.rank(1)) == sched_getscheduler(0));
  CHECK(server.stop() == 0);
}

}  // namespace
}  // namespace pkv::test
