#include "mpi/conversation.hpp"
#include "mpi/waiter.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace pkv::mpi {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

TEST_CASE("Waiter: looks as often as it was told before it sleeps", "[mpi][waiting]") {
  TransportSettings settings;
  settings.polls_before_sleep = 3;
  const auto waiter = make_waiter(settings);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 3; ++i)
      CHECK_FALSE(waiter->wants_sleep());
    CHECK(waiter->wants_sleep());
    CHECK(waiter->wants_sleep());
    waiter->worked();
  }
}

TEST_CASE("MpiTransport: a message wakes ranks that sleep on both sides", "[mpi][waiting]") {
  Scenario scenario;
  scenario.settings.waiting = GENERATE(Waiting::automatic, Waiting::back_off);
  scenario.settings.polls_before_sleep = 0;
  std::vector<Clock::duration> round_trips;
  CHECK(hold(scenario, [&](Conversation& with) {
    for (int i = 0; i < 15; ++i) {
      // Idle for so long that a wake-up that got lost would cost more than the bound below.
      std::this_thread::sleep_for(100ms);
      const auto start = Clock::now();
      static_cast<void>(
          with.ask(static_cast<std::size_t>(i) % with.workers(), {.key = "k", .value = "v"}));
      round_trips.push_back(Clock::now() - start);
    }
  }));
  // The median: single ones may be slow on a busy machine.
  std::nth_element(round_trips.begin(), round_trips.begin() + 7, round_trips.end());
  CHECK(round_trips[7] < 50ms);
}

}  // namespace
}  // namespace pkv::mpi
