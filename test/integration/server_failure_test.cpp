#include "support/processes.hpp"
#include "support/server_process.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>

// Whatever is killed without warning, everything else is gone soon: no process outlives its job.

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

enum class Victim { launcher, mpiexec, proxy, coordinator, worker };

pid_t find(const ServerProcess& server, Victim victim) {
  switch (victim) {
    case Victim::launcher:
      return server.process_id();
    case Victim::mpiexec:
      return server.mpiexec();
    case Victim::proxy:
      return server.proxy();
    case Victim::coordinator:
      return server.rank(0);
    case Victim::worker:
      return server.rank(1);
  }
  return 0;
}

TEST_CASE("Server: after kill -9 of any of its processes the others are gone in 5 s",
          "[server][failure]") {
  const Victim victim = GENERATE(Victim::launcher, Victim::mpiexec, Victim::proxy,
                                 Victim::coordinator, Victim::worker);
  CAPTURE(static_cast<int>(victim));
  ServerProcess server({.workers = 2});
  REQUIRE(server.processes().size() == 6);
  kill(find(server, victim), SIGKILL);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
  CHECK(server.child().wait(1s).value_or(0) != 0);
}

TEST_CASE("Server: the same holds when it was started by mpiexec", "[server][failure]") {
  const Victim victim =
      GENERATE(Victim::mpiexec, Victim::proxy, Victim::coordinator, Victim::worker);
  CAPTURE(static_cast<int>(victim));
  ServerProcess server({.workers = 2, .by_mpiexec = true});
  REQUIRE(server.processes().size() == 5);
  kill(find(server, victim), SIGKILL);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
  CHECK(server.child().wait(1s).value_or(0) != 0);
}

TEST_CASE("Server: a worker that hangs cannot keep it from ending", "[server][failure]") {
  ServerProcess server({.workers = 2});
  kill(server.rank(1), SIGSTOP);
  server.child().send_signal(SIGTERM);
  CHECK(server.child().wait(5s).value_or(0) != 0);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
}

TEST_CASE("Server: a coordinator that hangs is killed when the user asks for the end",
          "[server][failure]") {
  ServerProcess server({.workers = 1});
  kill(server.rank(0), SIGSTOP);
  server.child().send_signal(SIGTERM);
  CHECK(server.child().wait(10s) == 1);
  CHECK(wait_until_gone(server.processes(), 5s).empty());
}

TEST_CASE("Server: a second SIGINT ends it at once", "[server][failure]") {
  ServerProcess server({.workers = 1});
  kill(server.rank(0), SIGSTOP);  // so that the first cannot be obeyed
  server.child().send_signal(SIGINT);
  // Signals of one number do not queue: the second must be sent after the first was taken.
  CHECK_FALSE(server.child().wait(400ms));
  server.child().send_signal(SIGINT);
  CHECK(server.child().wait(2s) == 128 + SIGINT);
  CHECK(wait_until_gone(server.processes(), 2s).empty());
}

}  // namespace
}  // namespace pkv::test
