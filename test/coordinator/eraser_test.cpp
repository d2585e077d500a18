#include "coordinator/eraser.hpp"

#include "coordinator/copy_rig.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <random>
#include <string>

using namespace pkv;
using namespace std::chrono_literals;
using test::Bystander;
using test::CopyRig;
using test::Dump;

namespace {

constexpr std::size_t key_count = 500;

std::string key_of(std::size_t number) {
  return "key" + std::to_string(number);
}

/// A worker with entries, of which some are to be erased.
struct Fixture {
  Fixture() {
    for (std::size_t i = 0; i < key_count; ++i)
      put(key_of(i));
    rig.settle();
  }
  ~Fixture() {
    eraser.stop();
    rig.fate_of = [](std::size_t, const wire::Operation&) { return CopyRig::Fate::run; };
    rig.transport.let_go();
    turns(10);
  }
  void put(const std::string& key) {
    wire::Operation operation;
    operation.opcode = wire::Opcode::put;
    operation.key = key;
    operation.value = key;
    rig.append(0, operation, {&clients, 0, 0});
  }
  void turns(int count) {
    for (int i = 0; i < count; ++i) {
      eraser.step();
      rig.turn();
    }
  }
  void run() {
    for (int i = 0; !eraser.done() && !eraser.failure(); ++i) {
      REQUIRE(i < 10'000);
      turns(1);
    }
  }
  [[nodiscard]] std::size_t erase_pages() const {
    return rig.times_asked(0, wire::Opcode::erase_page);
  }

  CopyRig rig{1};
  Bystander clients;
  CopySettings settings = test::small_copy_settings();
  CopyBudget budget{{}};
  RingRanges ranges{{0, test::last_ring_position / 3},
                    {test::last_ring_position / 2, test::last_ring_position / 4 * 3}};
  Eraser eraser{rig, budget, settings, 5, 0, std::make_shared<const RingRanges>(ranges)};
};

}  // namespace

TEST_CASE("Eraser: what is in the ranges goes, the rest stays", "[coordinator][eraser]") {
  Fixture f;
  CHECK(f.eraser.idle());
  f.eraser.start();
  CHECK_FALSE(f.eraser.idle());
  f.run();
  REQUIRE(f.eraser.done());
  const Dump left(f.rig, 0);
  f.rig.settle();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < key_count; ++i) {
    const bool there = left.entries.contains(key_of(i));
    CHECK(there != test::covers(f.ranges, key_of(i)));
    if (there) ++kept;
  }
  CHECK(f.eraser.erased() == key_count - kept);
  CHECK(f.erase_pages() > key_count / f.settings.most_page_entries / 2);
  CHECK(f.budget.pages_under_way() == 0);
}

TEST_CASE("Eraser: the worker forgets the ranges in the end", "[coordinator][eraser]") {
  Fixture f;
  f.eraser.start();
  f.run();
  CHECK_FALSE(f.eraser.idle());
  CHECK(f.rig.times_asked(0, wire::Opcode::define_ranges) == 1);
  f.turns(1);
  CHECK(f.eraser.idle());
  CHECK(f.rig.times_asked(0, wire::Opcode::define_ranges) == 2);
  f.turns(5);
  CHECK(f.rig.times_asked(0, wire::Opcode::define_ranges) == 2);
}

TEST_CASE("Eraser: one that was stopped erases no further, and can start again",
          "[coordinator][eraser]") {
  Fixture f;
  f.eraser.start();
  while (f.erase_pages() == 0)
    f.turns(1);
  f.eraser.stop();
  f.turns(3);
  CHECK(f.eraser.idle());
  CHECK(f.erase_pages() == 1);
  f.eraser.start();
  f.run();
  CHECK(f.eraser.done());
  CHECK(f.erase_pages() > 2);
}

TEST_CASE("Eraser: answers to what was asked before it was stopped are ignored",
          "[coordinator][eraser]") {
  Fixture f;
  f.rig.transport.by_hand();
  f.eraser.start();
  f.turns(1);
  f.eraser.stop();
  f.eraser.start();
  f.turns(1);
  REQUIRE(f.rig.times_asked(0, wire::Opcode::define_ranges) == 2);
  REQUIRE(f.rig.transport.run(0));
  REQUIRE(f.rig.transport.deliver(0));
  f.turns(2);  // the answer to the first definition
  CHECK(f.erase_pages() == 0);
  f.rig.transport.let_go();
  f.run();
  CHECK(f.eraser.done());
}

TEST_CASE("Eraser: a page that fails is tried again, so many times", "[coordinator][eraser]") {
  Fixture f;
  const auto fate = GENERATE(CopyRig::Fate::refused, CopyRig::Fate::failed);
  std::uint32_t failures_left = 3;
  f.rig.fate_of = [&](std::size_t, const wire::Operation& operation) {
    if (operation.opcode != wire::Opcode::erase_page || failures_left == 0)
      return CopyRig::Fate::run;
    --failures_left;
    return fate;
  };
  SECTION("and succeeds in the end") {
    f.eraser.start();
    f.run();
    CHECK(f.eraser.done());
    CHECK_FALSE(f.eraser.failure());
  }
  SECTION("and then no more") {
    failures_left = 1'000;
    f.eraser.start();
    f.run();
    CHECK(f.eraser.failure() ==
          (fate == CopyRig::Fate::refused ? errc::out_of_memory : errc::malformed_frame));
    CHECK(f.erase_pages() == f.settings.most_failures + 1);
    f.turns(500);
    CHECK(f.erase_pages() == f.settings.most_failures + 1);
    CHECK(f.eraser.idle());
    CHECK(f.budget.pages_under_way() == 0);
  }
}

TEST_CASE("Eraser: it waits for the worker to have time", "[coordinator][eraser]") {
  Fixture f;
  f.rig.feigned_waiting_bytes = f.settings.short_queue_bytes + 1;
  f.eraser.start();
  f.turns(2);
  const auto courtesy = static_cast<int>(f.settings.longest_courtesy / 1ms);
  f.turns(courtesy - 1);
  CHECK(f.erase_pages() == 0);
  f.turns(2);
  CHECK(f.erase_pages() == 1);
}
