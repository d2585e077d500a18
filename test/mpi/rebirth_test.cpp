#include "mpi/environment.hpp"
#include "mpi/rebirth_rig.hpp"
#include "wire/operation.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace pkv::mpi {
namespace {

using Operations = std::vector<wire::Operation>;

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i)
    text[i] = static_cast<char>('a' + (i * 31 + i / 251) % 26);
  return text;
}

const std::string large = pattern(std::size_t{6} << 20);

/// The value in the request that came back, or why it is none.
std::string returned_value(const wire::Arrival& arrival) {
  if (arrival.failure != errc::node_down) return "not failed so";
  if (arrival.slot == wire::Arrival::no_slot) return "no request";
  wire::OperationReader reader(arrival.frame.body(), arrival.frame.header.count);
  wire::Operation operation;
  std::string values;
  while (reader.next(operation))
    values += operation.value;
  return reader.complete() ? values : "malformed";
}

bool is_loss(const wire::Arrival& arrival, std::size_t worker, std::uint32_t epoch) {
  return arrival.worker == worker && arrival.slot == wire::Arrival::no_slot &&
         arrival.failure == errc::node_down && arrival.frame.header.epoch == epoch;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator descriptors("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
}

void check_that_all_serve() {
  for (std::size_t worker = 0; worker < rig().workers(); ++worker) {
    CAPTURE(worker);
    CHECK(rig().echoes(worker, "value"));
    CHECK(rig().echoes(worker, large));
  }
}

TEST_CASE("Rebirth: this MPI supports it", "[mpi][rebirth]") {
  CHECK(rebirth_support().obstacle.empty());
  check_that_all_serve();
}

TEST_CASE("Rebirth: the transport notices that an idle worker is killed", "[mpi][rebirth]") {
  Conversation& with = rig().conversation();
  REQUIRE(rig().echoes(0, "value"));
  const std::uint32_t epoch = rig().epoch(0);
  rig().signal(0, SIGKILL);
  CHECK(is_loss(with.next_arrival(), 0, epoch));
  rig().disconnect(0);  // of no effect

  CHECK(rig().echoes(1, large));
  with.request(0, {{.key = "echo", .value = "lost"}});
  CHECK(returned_value(with.next_arrival()) == "lost");
  rig().revive(0);
  check_that_all_serve();
}

TEST_CASE("Rebirth: requests under way come back whole, in the order sent", "[mpi][rebirth]") {
  Conversation& with = rig().conversation();
  REQUIRE(rig().echoes(0, "moves the next slot"));
  const std::string first_value = GENERATE(std::string("first"), large);
  const Operations hangs{{.key = hang, .value = first_value}};
  const std::uint32_t first = with.request(0, hangs);
  const std::uint32_t second = with.request(0, {{.key = "echo", .value = large}});
  CHECK(rig().echoes(1, large));
  rig().signal(0, SIGKILL);

  CHECK(is_loss(with.next_arrival(), 0, rig().epoch(0)));
  wire::Arrival arrival = with.next_arrival();
  CHECK(arrival.slot == first);
  CHECK((returned_value(arrival) == first_value));
  arrival = with.next_arrival();
  CHECK(arrival.slot == second);
  CHECK((returned_value(arrival) == large));
  rig().revive(0);
  check_that_all_serve();
}

TEST_CASE("Rebirth: a stopped worker can be disconnected, and is not heard any more",
          "[mpi][rebirth]") {
  Conversation& with = rig().conversation();
  rig().signal(1, SIGSTOP);
  with.request(1, {{.key = "echo", .value = large}});
  with.request(1, {{.key = "echo", .value = "small"}});
  rig().disconnect(1);
  CHECK((returned_value(with.next_arrival()) == large));
  CHECK(returned_value(with.next_arrival()) == "small");
  // It may answer now what had reached it.
  rig().signal(1, SIGCONT);
  CHECK(rig().echoes(0, large));
  rig().signal(1, SIGKILL);
  rig().revive(1);
  check_that_all_serve();
}

TEST_CASE("Rebirth: a worker dies with its answer half sent", "[mpi][rebirth]") {
  Conversation& with = rig().conversation();
  const char* const how = GENERATE(die, die_sending);
  CAPTURE(how);
  with.request(2, {{.key = how, .value = large}});
  wire::Arrival arrival = with.next_arrival();
  // Rank 0 may take it as fast as it is sent: then all of it is there before the worker dies.
  for (int more = 9; more > 0 && !arrival.failure; --more) {
    REQUIRE(is_loss(with.next_arrival(), 2, rig().epoch(2)));
    rig().revive(2);
    with.request(2, {{.key = how, .value = large}});
    arrival = with.next_arrival();
  }
  CHECK(is_loss(arrival, 2, rig().epoch(2)));
  CHECK((returned_value(with.next_arrival()) == large));
  rig().revive(2);
  check_that_all_serve();
}

TEST_CASE("Rebirth: a request of which one frame of two was answered comes back whole",
          "[mpi][rebirth]") {
  Conversation& with = rig().conversation();
  with.request(2, {{.key = die_between, .value = "one"}, {.key = "echo", .value = "two"}});
  wire::Arrival arrival = with.next_arrival();
  if (!arrival.failure) {  // the first frame made it
    CHECK(values_in(arrival.frame) == std::vector<std::string>{"one"});
    CHECK_FALSE(arrival.frame.header.last);
    arrival = with.next_arrival();
  }
  CHECK(is_loss(arrival, 2, rig().epoch(2)));
  CHECK(returned_value(with.next_arrival()) == "onetwo");
  rig().revive(2);
  check_that_all_serve();
}

TEST_CASE("Rebirth: an address that is none is a loss of that incarnation", "[mpi][rebirth]") {
  Conversation& with = rig().conversation();
  const std::string address = GENERATE(std::string(), std::string("12345678"), pattern(120));
  CAPTURE(address);
  rig().disconnect(0);
  with.reconnect(0, 77, address);
  CHECK(is_loss(with.next_arrival(), 0, 77));
  rig().signal(0, SIGKILL);
  rig().revive(0);
  check_that_all_serve();
}

TEST_CASE("Rebirth: a process that dies while rank 0 connects to it is a loss like any other",
          "[mpi][rebirth]") {
  Conversation& with = rig().conversation();
  REQUIRE(rig().echoes(0, "value"));
  rig().signal(0, SIGKILL);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    REQUIRE(is_loss(with.next_arrival(), 0, rig().epoch(0)));
    rig().revive_dying(0, round % 2 == 0);
  }
  REQUIRE(is_loss(with.next_arrival(), 0, rig().epoch(0)));
  rig().revive(0);
  check_that_all_serve();
}

TEST_CASE("Rebirth: workers die again and again at any moment while others work",
          "[mpi][rebirth]") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Conversation& with = rig().conversation();
  const std::size_t descriptors = open_descriptors();
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    const std::size_t victim = random() % rig().workers();
    // Two requests to everybody, large or small, and a death at some moment after.
    std::vector<std::vector<std::string>> values(rig().workers());
    for (std::vector<std::string>& of_worker : values)
      for (int i = 0; i < 2; ++i)
        of_worker.push_back(random() % 2 == 0 ? large : pattern(random() % 5000));
    std::vector<std::vector<std::uint32_t>> slots(rig().workers());
    for (std::size_t worker = 0; worker < rig().workers(); ++worker)
      for (const std::string& value : values[worker])
        slots[worker].push_back(with.request(worker, {{.key = "echo", .value = value}}));
    const std::size_t arrivals_before_death = random() % (2 * rig().workers() + 1);

    std::size_t answered = 0;
    bool is_dead = false;
    bool loss_is_known = false;
    const auto strike = [&] {
      if (is_dead || answered < arrivals_before_death) return;
      rig().signal(victim, SIGKILL);
      is_dead = true;
    };
    strike();
    while (answered < 2 * rig().workers() || !loss_is_known) {
      const wire::Arrival arrival = with.next_arrival();
      if (arrival.slot == wire::Arrival::no_slot) {
        CHECK(is_loss(arrival, victim, rig().epoch(victim)));
        loss_is_known = true;
        continue;
      }
      const auto& used = slots[arrival.worker];
      const std::string& value = values[arrival.worker][arrival.slot == used[0] ? 0 : 1];
      if (arrival.failure) {
        CHECK(arrival.worker == victim);
        CHECK(loss_is_known);
        CHECK((returned_value(arrival) == value));
      } else {
        CHECK((values_in(arrival.frame) == std::vector<std::string>{value}));
      }
      ++answered;
      strike();
    }
    rig().revive(victim);
    REQUIRE(rig().echoes(victim, pattern(random() % 1'000'000)));
  }
  check_that_all_serve();
  CHECK(rig().deaths() >= 10);
  // A connection to each worker, whose sockets may be one or two; none to a dead one.
  CHECK(open_descriptors() <= descriptors + rig().workers());
}

}  // namespace
}  // namespace pkv::mpi
