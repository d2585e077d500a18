#include "mpi/conversation.hpp"

#include <catch2/catch.hpp>

namespace pkv::mpi {
namespace {

TEST_CASE("MpiTransport: ends in order whichever slot is next", "[mpi][shutdown]") {
  Scenario scenario;
  scenario.settings.slots_per_worker = 3;
  const int requests = GENERATE(0, 1, 2, 3, 4);
  CAPTURE(requests);
  CHECK(hold(scenario, [&](Conversation& with) {
    for (int i = 0; i < requests; ++i)
      static_cast<void>(with.ask(0, {.key = "k", .value = "v"}));
  }));
}

TEST_CASE("MpiTransport: a stop waits for the answers that are under way", "[mpi][shutdown]") {
  constexpr int requests = 4;
  Scenario scenario;
  scenario.settings.slots_per_worker = requests;
  std::vector<wire::Arrival> arrivals;
  announce(scenario, worker_ranks());
  MpiTransport transport(static_cast<std::size_t>(worker_ranks()), scenario.settings, {});
  // Everything on one thread: what was flushed before the stop is sent and answered after it.
  Conversation with(transport);
  const std::string value(1'000'000, 'v');
  for (int i = 0; i < requests; ++i)
    with.request(0, {{.key = "k", .value = value}});
  transport.stop(std::chrono::seconds(30));
  CHECK(transport.run());
  transport.collect(arrivals);
  REQUIRE(arrivals.size() == requests);
  for (const wire::Arrival& arrival : arrivals)
    CHECK_FALSE(arrival.failure);
}

}  // namespace
}  // namespace pkv::mpi
