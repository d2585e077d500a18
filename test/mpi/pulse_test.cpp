#include "mpi/pulse.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <thread>
#include <unistd.h>

namespace pkv::mpi {
namespace {

using namespace std::chrono_literals;

/// Looks until the thread has not got on between two looks. Returns whether that came to be.
bool await_standstill(Pulse& pulse) {
  const auto give_up_at = std::chrono::steady_clock::now() + 20s;
  std::uint64_t before = pulse.look();
  while (std::chrono::steady_clock::now() < give_up_at) {
    std::this_thread::yield();
    const std::uint64_t now = pulse.look();
    if (now == before) return true;
    before = now;
  }
  return false;
}

TEST_CASE("Pulse: a thread that sleeps in the middle of a turn does not get on", "[mpi][pulse]") {
  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe(pipe_ends.data()) == 0);
  std::promise<Pulse*> constructed;
  std::jthread working([&, reads = pipe_ends[0]] {
    Pulse pulse;
    constructed.set_value(&pulse);
    char byte = 0;
    while (read(reads, &byte, 1) == 1 && byte != 'q')
      pulse.turn();
  });
  Pulse& pulse = *constructed.get_future().get();
  REQUIRE(await_standstill(pulse));
  const std::uint64_t asleep = pulse.look();
  for (int look = 0; look < 20; ++look)
    CHECK(pulse.look() == asleep);
  CHECK(write(pipe_ends[1], "t", 1) == 1);
  REQUIRE(await_standstill(pulse));
  CHECK(pulse.look() > asleep);
  CHECK(write(pipe_ends[1], "q", 1) == 1);
  working.join();
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST_CASE("Pulse: a thread that computes gets on, however long its turn is", "[mpi][pulse]") {
  std::promise<Pulse*> constructed;
  std::atomic<bool> enough{false};
  std::jthread working([&] {
    Pulse pulse;
    constructed.set_value(&pulse);
    while (!enough) {
    }
  });
  Pulse& pulse = *constructed.get_future().get();
  std::uint64_t before = pulse.look();
  for (int look = 0; look < 50; ++look) {
    const std::uint64_t now = pulse.look();
    CHECK(now > before);
    before = now;
  }
  enough = true;
}

}  // namespace
}  // namespace pkv::mpi
