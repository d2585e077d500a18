#include "coordinator/copy_pace.hpp"

#include "coordinator/held_writes.hpp"
#include "coordinator/page_size.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace pkv;
using namespace std::chrono_literals;

namespace {

constexpr auto start = CopyPace::Clock::time_point(1h);

}  // namespace

TEST_CASE("CopyPace: pauses double up to a limit, and end after too many failures",
          "[coordinator][copying]") {
  CopySettings settings;
  settings.first_pause = 50ms;
  settings.longest_pause = 150ms;
  settings.most_failures = 4;
  CopyPace pace(settings);
  auto now = start;
  CHECK(pace.rested(now));
  for (const auto pause : {50ms, 100ms, 150ms, 150ms}) {
    CHECK(pace.failed(now));
    CHECK_FALSE(pace.rested(now + pause - 1ms));
    now += pause;
    CHECK(pace.rested(now));
  }
  CHECK_FALSE(pace.failed(now));
  pace.succeeded();
  CHECK(pace.failed(now));
  CHECK_FALSE(pace.rested(now + 49ms));
  CHECK(pace.rested(now + 50ms));
}

TEST_CASE("CopyPace: a new start forgets failures and pause", "[coordinator][copying]") {
  CopySettings settings;
  settings.most_failures = 1;
  CopyPace pace(settings);
  CHECK(pace.failed(start));
  CHECK_FALSE(pace.failed(start));
  pace.restart();
  CHECK(pace.rested(start));
  CHECK(pace.failed(start));
}

TEST_CASE("CopyPace: a long queue goes first, but not for ever", "[coordinator][copying]") {
  CopySettings settings;
  settings.short_queue_bytes = 100;
  settings.longest_courtesy = 20ms;
  CopyPace pace(settings);
  CHECK(pace.lets_pass(100, start));
  CHECK_FALSE(pace.lets_pass(101, start));
  CHECK_FALSE(pace.lets_pass(101, start + 19ms));
  CHECK(pace.lets_pass(101, start + 20ms));
  CHECK(pace.lets_pass(101, start + 21ms));  // no page has been asked for yet
  pace.begun();
  CHECK_FALSE(pace.lets_pass(101, start + 22ms));
  CHECK_FALSE(pace.lets_pass(101, start + 41ms));
  CHECK(pace.lets_pass(101, start + 42ms));
}

TEST_CASE("PageSize: pages grow while they come soon, and shrink when they do not",
          "[coordinator][copying]") {
  CopySettings settings;
  settings.least_page_bytes = 100;
  settings.most_page_bytes = 350;
  settings.slow_page = 4ms;
  PageSize size(settings);
  std::vector<std::uint32_t> seen{size.bytes()};
  for (const auto took : {1ms, 4ms, 4ms, 5ms, 5ms, 5ms, 1ms}) {
    size.learn(0, 1, 2, took);
    seen.push_back(size.bytes());
  }
  CHECK(seen == std::vector<std::uint32_t>{100, 200, 350, 350, 175, 100, 100, 200});
}

TEST_CASE("PageSize: pages end little beyond what they can cover", "[coordinator][copying]") {
  const CopySettings settings;
  PageSize size(settings);
  const std::uint64_t first = size.end_from(0);
  CHECK(first > 0);
  size.learn(0, 1'000, first, 1ms);
  CHECK(size.end_from(1'000) == 2'500);
  size.learn(1'000, 2'500, 2'500, 1ms);  // it could have covered more
  CHECK(size.end_from(2'500) == 8'500);
  CHECK(size.end_from(wire::scan_end - 1) == wire::scan_end);
  CHECK(size.end_from(wire::scan_end) == wire::scan_end);
  for (int i = 0; i < 100; ++i)
    size.learn(0, 10, 10, 1ms);
  CHECK(size.end_from(0) == wire::scan_end);
  size.learn(0, 1, wire::scan_end, 1ms);
  CHECK(size.end_from(1) == 2);
}

TEST_CASE("HeldWrites: what is below the bound comes back as it was, in order",
          "[coordinator][copying]") {
  HeldWrites held;
  std::vector<std::string> values;
  for (const std::size_t bytes : {0U, 1U, 100U, 70'000U})
    values.emplace_back(bytes, 'v');
  for (std::uint64_t i = 0; i < 40; ++i) {
    wire::Operation operation;
    operation.opcode = i % 2 == 0 ? wire::Opcode::put : wire::Opcode::erase;
    operation.flags = static_cast<std::uint8_t>(i);
    if (i >= wire::with_expiry) operation.expires_at = static_cast<std::int64_t>(i);
    operation.key = values[i % 3];
    operation.value = values[i % 4];
    held.add(i % 5, operation, 1'000 - i);
  }
  std::vector<std::uint64_t> sequences;
  held.for_each_below(3, [&](const wire::Operation& operation, std::uint64_t sequence) {
    const std::uint64_t i = 1'000 - sequence;
    sequences.push_back(i);
    CHECK(operation.expires_at == (i >= wire::with_expiry ? static_cast<std::int64_t>(i) : 0));
    CHECK(operation.opcode == (i % 2 == 0 ? wire::Opcode::put : wire::Opcode::erase));
    CHECK(operation.flags == i);
    CHECK(operation.key == values[i % 3]);
    CHECK(operation.value == values[i % 4]);
  });
  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 0; i < 40; ++i)
    if (i % 5 < 3) expected.push_back(i);
  CHECK(sequences == expected);
  CHECK(held.bytes() > 10 * 70'000);

  held.clear();
  CHECK(held.bytes() == 0);
  held.for_each_below(wire::scan_end, [](const auto&, std::uint64_t) { FAIL("nothing is held"); });
}
