#include "mpi/conversation.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace pkv::mpi {
namespace {

TEST_CASE("MpiTransport: every request gets its own answer, thousands of times",
          "[mpi][transport]") {
  constexpr int batches = 3000;
  Scenario scenario;
  scenario.settings.slots_per_worker = GENERATE(1U, 2U, 7U);
  CAPTURE(scenario.settings.slots_per_worker);
  int wrong = 0;
  CHECK(hold(scenario, [&](Conversation& with) {
    std::vector<std::vector<std::string>> sent(
        with.workers(), std::vector<std::string>(scenario.settings.slots_per_worker));
    const auto take_answer = [&] {
      wire::Arrival arrival = with.next_arrival();
      const std::string& number = sent[arrival.worker][arrival.slot];
      if (values_in(arrival.frame) != std::vector{number, number + "'"}) ++wrong;
      with.transport().recycle(std::move(arrival.frame.bytes()));
    };
    int answered = 0;
    for (int i = 0; i < batches; ++i) {
      const std::size_t worker = static_cast<std::size_t>(i) % with.workers();
      const std::string number = std::to_string(i);
      const std::string again = number + "'";
      while (!with.may_request(worker)) {
        take_answer();
        ++answered;
      }
      const std::uint32_t slot =
          with.request(worker, {{.key = "k", .value = number}, {.key = "k", .value = again}});
      sent[worker][slot] = number;
    }
    for (; answered < batches; ++answered)
      take_answer();
  }));
  CHECK(wrong == 0);
}

TEST_CASE("MpiTransport: a worker runs requests in the order in which they were sent",
          "[mpi][transport]") {
  constexpr int requests = 2000;
  Scenario scenario;
  scenario.behaviour = Behaviour::store;
  scenario.settings.slots_per_worker = 4;
  scenario.settings.preferred_frame_bytes = 4096;
  std::string expected;
  std::string found;
  CHECK(hold(scenario, [&](Conversation& with) {
    for (int i = 0; i < requests; ++i) {
      while (!with.may_request(0))
        static_cast<void>(with.next_arrival());
      // Some are larger than a frame: they travel in two messages, and small ones could pass them.
      const std::string tail(i % 50 == 0 ? 5000U : 3U, static_cast<char>('a' + i % 26));
      with.request(0, {{.opcode = wire::Opcode::append, .key = "log", .value = tail}});
      expected += tail;
    }
    while (with.busy())
      static_cast<void>(with.next_arrival());
    found = with.ask(0, {.opcode = wire::Opcode::get, .key = "log", .value = {}});
  }));
  CHECK((found == expected));
}

TEST_CASE("MpiTransport: many slots may be under way at once", "[mpi][transport]") {
  Scenario scenario;
  scenario.settings.slots_per_worker = 256;
  scenario.settings.preferred_frame_bytes = 1024;
  std::size_t correct = 0;
  std::size_t sent = 0;
  CHECK(hold(scenario, [&](Conversation& with) {
    for (std::uint32_t slot = 0; slot < 256; ++slot)
      for (std::size_t worker = 0; worker < with.workers(); ++worker, ++sent)
        with.request(worker, {{.key = "k", .value = std::to_string(slot)}});
    for (std::size_t i = 0; i < sent; ++i) {
      const wire::Arrival arrival = with.next_arrival();
      correct += values_in(arrival.frame) == std::vector{std::to_string(arrival.slot)} ? 1U : 0U;
    }
  }));
  CHECK(sent == 256U * static_cast<std::size_t>(worker_ranks()));
  CHECK(correct == sent);
}

TEST_CASE("MpiTransport: a reply in parts arrives part by part, then the slot is free",
          "[mpi][transport]") {
  Scenario scenario;
  scenario.settings.slots_per_worker = 1;
  scenario.settings.preferred_frame_bytes = 1024;
  // Parts that fit into one message, and parts that do not.
  scenario.part_bytes = GENERATE(std::size_t{500}, std::size_t{3000});
  CAPTURE(scenario.part_bytes);
  std::vector<std::string> expected;
  std::vector<std::string> found;
  int parts = 0;
  CHECK(hold(scenario, [&](Conversation& with) {
    std::vector<wire::Operation> operations;
    for (int i = 0; i < 200; ++i)
      expected.push_back(std::string(std::size_t{100}, static_cast<char>('a' + i % 26)));
    for (const std::string& value : expected)
      operations.push_back({.key = "k", .value = value});
    for (int round = 0; round < 2; ++round) {
      found.clear();
      parts = 0;
      with.request(0, operations);
      for (bool last = false; !last; ++parts) {
        const wire::Arrival arrival = with.next_arrival();
        if (arrival.failure) throw std::runtime_error("a part failed");
        for (std::string& value : values_in(arrival.frame))
          found.push_back(std::move(value));
        last = arrival.frame.header.last;
      }
    }
  }));
  CHECK(parts > 5);
  CHECK((found == expected));
}

}  // namespace
}  // namespace pkv::mpi
