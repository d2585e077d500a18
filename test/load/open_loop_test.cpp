#include "load/open_loop.hpp"

#include "load/schedule.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace pkv::bench;
using namespace std::chrono_literals;

namespace {

const Clock::time_point start = Clock::time_point(1h);
constexpr std::uint64_t any_number = UINT64_MAX;

OpenLoop loop_of(double rate, std::size_t connections, Clock::duration length = 10s) {
  OpenLoop loop(Schedule::even(start, rate, 0), start + length, any_number, connections);
  for (std::size_t i = 0; i < connections; ++i)
    loop.add_room(i, start);
  return loop;
}

}  // namespace

TEST_CASE("Schedule: even intervals do not drift", "[load]") {
  Schedule schedule = Schedule::even(start, 3, 0);
  CHECK(schedule.due() == start);
  for (int i = 0; i < 3'000'000; ++i)
    schedule.advance();
  CHECK(schedule.due() == start + 1'000'000s);
}

TEST_CASE("Schedule: threads take turns", "[load]") {
  const Schedule first = Schedule::even(start, 10, 0);
  const Schedule second = Schedule::even(start, 10, 0.5);
  CHECK(second.due() - first.due() == 50ms);
}

TEST_CASE("Schedule: Poisson intervals have the mean and the deviation of their law", "[load]") {
  constexpr int count = 100'000;
  constexpr double rate = 1000;
  Schedule schedule = Schedule::poisson(start, rate, Random(4));
  double sum = 0;
  double squares = 0;
  Clock::time_point before = start;
  for (int i = 0; i < count; ++i) {
    const Clock::time_point due = schedule.due();
    REQUIRE(due >= before);
    const double interval = std::chrono::duration<double>(due - before).count() * rate;
    sum += interval;
    squares += interval * interval;
    before = due;
    schedule.advance();
  }
  const double mean = sum / count;
  CHECK(mean == Approx(1).margin(4 / std::sqrt(count)));
  CHECK(std::sqrt(squares / count - mean * mean) == Approx(1).margin(0.03));
}

TEST_CASE("Open loop: nothing begins before it is due", "[load]") {
  OpenLoop loop = loop_of(10, 1);
  CHECK_FALSE(loop.next(start - 1ns));
  REQUIRE(loop.next(start));
  loop.add_room(0, start);
  CHECK_FALSE(loop.next(start + 99ms));
  CHECK(loop.wake_up() == start + 100ms);
  const auto turn = loop.next(start + 105ms);
  REQUIRE(turn);
  CHECK(turn->due == start + 100ms);
}

TEST_CASE("Open loop: connections take turns", "[load]") {
  OpenLoop loop = loop_of(1000, 3);
  for (int i = 0; i < 9; ++i) {
    const auto turn = loop.next(start + 1s);
    REQUIRE(turn);
    CHECK(turn->connection == static_cast<std::size_t>(i % 3));
    loop.add_room(turn->connection, start + 1s);
    loop.add_room(turn->connection, start + 1s);  // saying it twice gives no second place
  }
}

TEST_CASE("Open loop: a stalled server does not stop the clock of what is due", "[load]") {
  OpenLoop loop = loop_of(1000, 1);
  REQUIRE(loop.next(start));  // and the connection is full from now on
  CHECK_FALSE(loop.next(start + 500ms));
  CHECK_FALSE(loop.wake_up());
  const Clock::time_point end_of_stall = start + 1s;
  for (int i = 1; i <= 1000; ++i) {
    loop.add_room(0, end_of_stall);
    const auto turn = loop.next(end_of_stall);
    REQUIRE(turn);
    CHECK(turn->due == start + i * 1ms);  // so the first has a latency of 999 ms already
  }
  loop.add_room(0, end_of_stall);
  CHECK_FALSE(loop.next(end_of_stall));
  CHECK(loop.delays().largest() == 0ns);  // none of it was the generator's fault
}

TEST_CASE("Open loop: being late is the generator's fault while there was room", "[load]") {
  OpenLoop loop = loop_of(1000, 1);
  REQUIRE(loop.next(start + 20ms));
  CHECK(loop.delays().largest() == 20ms);
  loop.add_room(0, start + 30ms);  // there was none before, though an operation was due at 1 ms
  REQUIRE(loop.next(start + 33ms));
  CHECK(loop.delays().percentile(50) < 4ms);
}

TEST_CASE("Open loop: ends with what is due before the end", "[load]") {
  OpenLoop loop = loop_of(10, 1, 300ms);
  int begun = 0;
  for (; loop.next(start + 1h); ++begun)
    loop.add_room(0, start + 1h);
  CHECK(begun == 3);
  CHECK(loop.over());
  CHECK_FALSE(loop.wake_up());
}

TEST_CASE("Open loop: ends after the number of operations", "[load]") {
  OpenLoop loop(Schedule::even(start, 10, 0), Clock::time_point::max(), 2, 1);
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(loop.over());
    loop.add_room(0, start);
    REQUIRE(loop.next(start + 1h));
  }
  CHECK(loop.over());
}

TEST_CASE("Open loop: what was due and never sent is counted", "[load]") {
  OpenLoop loop = loop_of(100, 1, 1s);
  REQUIRE(loop.next(start));
  SECTION("up to now") {
    CHECK(loop.abandon(start + 505ms) == 50);
  }
  SECTION("but not beyond the end") {
    CHECK(loop.abandon(start + 1h) == 99);
  }
  CHECK(loop.over());
}

TEST_CASE("Open loop: a lost connection gets no turn", "[load]") {
  OpenLoop loop = loop_of(1000, 2);
  loop.remove(0);
  loop.remove(0);
  const auto turn = loop.next(start + 1s);
  REQUIRE(turn);
  CHECK(turn->connection == 1);
  CHECK_FALSE(loop.next(start + 1s));
}
