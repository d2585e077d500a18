#include "mpi/conversation.hpp"
#include "wire/wire_reply.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace pkv::mpi {
namespace {

constexpr std::size_t request_overhead = wire::header_bytes + wire::operation_overhead_bytes + 1;
constexpr std::size_t reply_overhead = wire::header_bytes + wire::reply_overhead_bytes;

/// Bytes that differ from place to place, so that a shift or a hole shows.
std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

TEST_CASE("MpiTransport: frames just below, at and above the size of one message arrive whole",
          "[mpi][transport]") {
  Scenario scenario;
  scenario.settings.preferred_frame_bytes = 4096;
  const std::size_t overhead = GENERATE(request_overhead, reply_overhead);
  const std::size_t frame_bytes = GENERATE(4094U, 4095U, 4096U, 4097U, 4098U);
  CAPTURE(overhead, frame_bytes);
  const std::string value = pattern(frame_bytes - overhead);
  std::string found;
  CHECK(hold(scenario, [&](Conversation& with) {
    for (int i = 0; i < 3; ++i)
      found = with.ask(0, {.key = "k", .value = value});
  }));
  CHECK((found == value));
}

TEST_CASE("MpiTransport: values of many megabytes travel both ways, between small ones",
          "[mpi][transport]") {
  Scenario scenario;
  scenario.part_bytes = std::size_t{16} << 20;  // one reply, one frame
  const std::size_t size = GENERATE(std::size_t{0}, std::size_t{1} << 20, std::size_t{8} << 20);
  CAPTURE(size);
  const std::string value = pattern(size);
  int correct = 0;
  CHECK(hold(scenario, [&](Conversation& with) {
    for (std::size_t worker = 0; worker < with.workers(); ++worker) {
      with.request(worker, {{.key = "k", .value = "small"}});
      with.request(worker, {{.key = "k", .value = value}, {.key = "k", .value = "after"}});
    }
    for (std::size_t i = 0; i < 2 * with.workers(); ++i) {
      const wire::Arrival arrival = with.next_arrival();
      const std::vector<std::string> small{"small"};
      const std::vector<std::string> large{value, "after"};
      correct += values_in(arrival.frame) == (arrival.slot == 0 ? small : large) ? 1 : 0;
    }
  }));
  CHECK(correct == 2 * worker_ranks());
}

TEST_CASE("MpiTransport: a large value that is read stays as it was while others are written",
          "[mpi][transport]") {
  Scenario scenario;
  scenario.behaviour = Behaviour::store;
  scenario.part_bytes = std::size_t{128} << 10;
  const std::string value = pattern(std::size_t{3} << 20);
  const std::string other(value.size(), 'o');
  const auto put = [](const char* key, const std::string& bytes) {
    return wire::Operation{.opcode = wire::Opcode::put, .key = key, .value = bytes};
  };
  const wire::Operation get{.opcode = wire::Opcode::get, .key = "k", .value = {}};
  std::vector<std::string> found;
  CHECK(hold(scenario, [&](Conversation& with) {
    for (int round = 0; round < 3; ++round) {
      (void)with.ask(0, put("k", value));
      // The first is still being sent when the second replaces what it sends.
      const std::uint32_t reading =
          with.request(0, {get, {.opcode = wire::Opcode::exists, .key = "k", .value = {}}, get});
      with.request(0, {put("k", other)});
      for (int last = 0; last < 2;) {
        const wire::Arrival arrival = with.next_arrival();
        last += arrival.frame.header.last ? 1 : 0;
        if (arrival.slot != reading) continue;
        wire::ReplyReader reader(arrival.frame.body(), arrival.frame.header.count);
        wire::WireReply reply;
        while (reader.next(reply))
          if (reply.kind == wire::ReplyKind::value) found.emplace_back(reply.value);
      }
      found.push_back(with.ask(0, get));
      with.request(0, {{.opcode = wire::Opcode::clear, .key = {}, .value = {}}});
      (void)with.next_arrival();
    }
  }));
  REQUIRE(found.size() == 9);
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK((found[i] == (i % 3 == 2 ? other : value)));
  }
}

TEST_CASE("MpiTransport: a worker with too much unsent waits, and nothing is lost",
          "[mpi][transport]") {
  Scenario scenario;
  scenario.settings.max_unsent_bytes = 10'000;
  scenario.settings.preferred_frame_bytes = 4096;
  scenario.part_bytes = 3000;
  const std::string value = pattern(2'000);
  std::size_t bytes = 0;
  CHECK(hold(scenario, [&](Conversation& with) {
    const std::vector<wire::Operation> operations(1000, {.key = "k", .value = value});
    with.request(0, operations);
    for (bool last = false; !last;) {
      const wire::Arrival arrival = with.next_arrival();
      for (const std::string& part : values_in(arrival.frame))
        bytes += part.size();
      last = arrival.frame.header.last;
    }
  }));
  CHECK(bytes == 1000 * value.size());
}

}  // namespace
}  // namespace pkv::mpi
