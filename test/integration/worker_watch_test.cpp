#include "pkv_server/worker_watch.hpp"

#include <catch2/catch.hpp>

namespace pkv::server {
namespace {

constexpr WorkerWatch::Patience patience{3, 5};

/// A watch whose worker's first process is ready.
WorkerWatch watch_of_ready() {
  WorkerWatch watch(patience);
  CHECK_FALSE(watch.started(1).ready);
  CHECK(watch.ready(1).ready);
  return watch;
}

TEST_CASE("WorkerWatch: a process is announced once, when it is ready", "[server][watch]") {
  WorkerWatch watch(patience);
  CHECK(watch.epoch() == 0);
  CHECK_FALSE(watch.is_ready());
  CHECK_FALSE(watch.started(1).ready);
  CHECK_FALSE(watch.is_ready());
  const auto finding = watch.ready(1);
  CHECK(finding.ready);
  CHECK_FALSE(finding.lost);
  CHECK_FALSE(finding.must_restart);
  CHECK(watch.is_ready());
  // As after a reconnection.
  CHECK_FALSE(watch.started(1).must_restart);
  CHECK_FALSE(watch.ready(1).ready);
}

TEST_CASE("WorkerWatch: silence counts in ticks, and each beat starts it anew", "[server][watch]") {
  WorkerWatch watch = watch_of_ready();
  for (int round = 0; round < 5; ++round) {
    CHECK_FALSE(watch.tick().lost);
    CHECK_FALSE(watch.tick().lost);
    watch.beat(1, 7);
  }
  watch.beat(2, 0);  // of a process that it does not know
  CHECK_FALSE(watch.tick().lost);
  CHECK_FALSE(watch.tick().lost);
  const auto finding = watch.tick();
  REQUIRE(finding.lost);
  CHECK(finding.lost->epoch == 1);
  CHECK(finding.must_restart);
  CHECK(finding.epoch == 1);
  CHECK_FALSE(watch.is_ready());
  for (int tick = 0; tick < 10; ++tick)
    CHECK_FALSE(watch.tick().must_restart);
}

TEST_CASE("WorkerWatch: a process that was given up is not heard again", "[server][watch]") {
  WorkerWatch watch = watch_of_ready();
  const bool by_silence = GENERATE(false, true);
  if (by_silence) {
    for (unsigned tick = 0; tick < patience.ticks; ++tick)
      static_cast<void>(watch.tick());
  } else {
    watch.give_up(1);
  }
  watch.beat(1, 1);
  CHECK_FALSE(watch.is_ready());
  const auto back = watch.ready(1);
  CHECK_FALSE(back.ready);
  CHECK(back.must_restart);
  CHECK(back.epoch == 1);
  CHECK_FALSE(watch.dead(1, "was killed").lost);
  CHECK_FALSE(watch.started(2).must_restart);
  CHECK(watch.ready(2).ready);
}

TEST_CASE("WorkerWatch: a death is told once, with its reason", "[server][watch]") {
  WorkerWatch watch = watch_of_ready();
  const auto finding = watch.dead(1, "was killed");
  REQUIRE(finding.lost);
  CHECK(finding.lost->epoch == 1);
  CHECK(finding.lost->why == "was killed");
  CHECK_FALSE(finding.must_restart);  // its keeper knows
  CHECK_FALSE(watch.dead(1, "was killed").lost);
  CHECK_FALSE(watch.tick().lost);
}

TEST_CASE("WorkerWatch: a process that dies before it is ready is nobody's loss",
          "[server][watch]") {
  WorkerWatch watch(patience);
  static_cast<void>(watch.started(1));
  CHECK_FALSE(watch.dead(1, "was killed").lost);
  CHECK(watch.ready(2).ready);
}

TEST_CASE("WorkerWatch: one that hangs while it starts has more time, but not for ever",
          "[server][watch]") {
  WorkerWatch watch(patience);
  static_cast<void>(watch.started(1));
  for (unsigned tick = 1; tick < patience.ticks_at_start; ++tick)
    CHECK_FALSE(watch.tick().must_restart);
  const auto finding = watch.tick();
  CHECK(finding.must_restart);
  CHECK_FALSE(finding.lost);
  // Once ready it has as much as any other.
  static_cast<void>(watch.started(2));
  for (unsigned tick = 1; tick < patience.ticks_at_start; ++tick)
    static_cast<void>(watch.tick());
  CHECK(watch.ready(2).ready);
  CHECK_FALSE(watch.tick().lost);
  CHECK_FALSE(watch.tick().lost);
  CHECK(watch.tick().lost);
}

TEST_CASE("WorkerWatch: what happened during a cut is made up for in order", "[server][watch]") {
  WorkerWatch watch = watch_of_ready();
  SECTION("the process died and the next one is ready") {
    const auto finding = watch.ready(3);
    REQUIRE(finding.lost);
    CHECK(finding.lost->epoch == 1);
    CHECK(finding.ready);
    CHECK(finding.epoch == 3);
  }
  SECTION("the next one died too") {
    const auto finding = watch.dead(2, "was killed");
    REQUIRE(finding.lost);
    CHECK(finding.lost->epoch == 1);
    CHECK(watch.epoch() == 2);
    CHECK_FALSE(watch.is_ready());
  }
  SECTION("late reports of older ones mean nothing") {
    static_cast<void>(watch.ready(3));
    CHECK_FALSE(watch.dead(2, "was killed").lost);
    CHECK(watch.is_ready());
    CHECK(watch.ready(2).must_restart);
    CHECK(watch.is_ready());
  }
}

}  // namespace
}  // namespace pkv::server
