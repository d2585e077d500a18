#include "mpi/conversation.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>

namespace pkv::mpi {
namespace {

TEST_CASE("MpiTransport: a damaged reply fails its request, and the next one is answered",
          "[mpi][damage]") {
  Scenario scenario;
  scenario.behaviour = Behaviour::damage;
  scenario.settings.slots_per_worker = 1;
  scenario.damage =
      static_cast<Damage>(GENERATE(range(static_cast<std::uint32_t>(Damage::shorter_than_header),
                                         static_cast<std::uint32_t>(Damage::old_reply_first))));
  CAPTURE(static_cast<int>(scenario.damage));
  int malformed = 0;
  std::string next;
  CHECK(hold(scenario, [&](Conversation& with) {
    for (std::size_t worker = 0; worker < with.workers(); ++worker)
      with.request(worker, {{.key = "k", .value = "v"}});
    for (std::size_t worker = 0; worker < with.workers(); ++worker)
      malformed += with.next_arrival().failure == errc::malformed_frame ? 1 : 0;
    for (std::size_t worker = 0; worker < with.workers(); ++worker)
      next += with.ask(worker, {.key = "k", .value = "v"});
  }));
  CHECK(malformed == worker_ranks());
  CHECK(next == std::string(static_cast<std::size_t>(worker_ranks()), 'v'));
}

TEST_CASE("MpiTransport: an undamaged reply passes, also behind one that answers another request",
          "[mpi][damage]") {
  Scenario scenario;
  scenario.behaviour = Behaviour::damage;
  scenario.settings.slots_per_worker = 1;
  scenario.damage = GENERATE(Damage::none, Damage::old_reply_first);
  CAPTURE(static_cast<int>(scenario.damage));
  std::string body;
  CHECK(hold(scenario, [&](Conversation& with) {
    for (std::size_t worker = 0; worker < with.workers(); ++worker)
      with.request(worker, {{.key = "k", .value = "v"}});
    for (std::size_t worker = 0; worker < with.workers(); ++worker)
      body = with.next_arrival().frame.body();
  }));
  CHECK(body == reply_to_damage(scenario.damage));
}

TEST_CASE("WorkerLoop: what a worker cannot use is refused in its turn", "[mpi][damage]") {
  Scenario scenario;
  scenario.behaviour = GENERATE(Behaviour::refuse, Behaviour::echo, Behaviour::store);
  CAPTURE(static_cast<int>(scenario.behaviour));
  std::vector<std::optional<errc>> failures;
  CHECK(hold(scenario, [&](Conversation& with) {
    // The worker that finds everything malformed gets a sound request, the others an empty one.
    std::vector<wire::Operation> operations;
    if (scenario.behaviour == Behaviour::refuse) operations.push_back({.key = "k", .value = "v"});
    for (int i = 0; i < 5; ++i) {
      with.request(0, operations);
      failures.push_back(with.next_arrival().failure);
    }
  }));
  CHECK(failures == std::vector<std::optional<errc>>(5, errc::malformed_frame));
}

TEST_CASE("WorkerLoop: a refusal leaves the requests before and after it alone", "[mpi][damage]") {
  Scenario scenario;
  scenario.settings.slots_per_worker = 3;
  std::string outcome = "???";
  CHECK(hold(scenario, [&](Conversation& with) {
    with.request(0, {{.key = "k", .value = "a"}});
    with.request(0, {});
    with.request(0, {{.key = "k", .value = "b"}});
    for (int i = 0; i < 3; ++i) {
      const wire::Arrival arrival = with.next_arrival();
      outcome[arrival.slot] = arrival.failure ? '!' : values_in(arrival.frame).front().front();
    }
  }));
  CHECK(outcome == "a!b");
}

}  // namespace
}  // namespace pkv::mpi
