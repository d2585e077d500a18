#include "coordinator/transfer.hpp"

#include "coordinator/transfer_fixture.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <string>

using namespace pkv;
using namespace std::chrono_literals;
using test::CopyRig;
using test::Dump;
using wire::Opcode;
using Fixture = test::TransferFixture;

namespace {

/// One page takes everything.
void use_one_page(Fixture& f) {
  f.settings.least_page_bytes = 1'000'000;
  f.settings.most_page_bytes = 1'000'000;
  f.settings.most_page_entries = 1'000'000;
}

/// A key that the page under way is about, or not.
std::string key_in_page(const Fixture& f, bool in_page) {
  for (std::size_t i = 1'000;; ++i) {
    const std::string key = Fixture::key_of(i);
    // Under way there is no room in the page once a byte is held.
    if (f.transfer->has_room(scan_position(key)) != in_page &&
        scan_position(key) >= f.transfer->frontier())
      return key;
  }
}

}  // namespace

TEST_CASE("Transfer: nothing is copied from an empty worker, and all of it",
          "[coordinator][transfer]") {
  Fixture f;
  CHECK_FALSE(f.transfer->complete());
  CHECK_FALSE(f.transfer->idle());
  CHECK(f.transfer->progress().share == 0);
  f.run();
  CHECK(f.transfer->complete());
  CHECK(f.transfer->progress().share == 1);
  CHECK(f.transfer->progress().keys == 0);
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::copy_in) == 0);
  f.turns(2);
  CHECK(f.transfer->idle());
  f.write(Opcode::put, "later", "1");  // until the owner makes it a holder
  f.check_equal();
}

TEST_CASE("Transfer: entries are copied page by page, with their versions",
          "[coordinator][transfer]") {
  Fixture f(200);
  f.run();
  CHECK(f.pages() > 5);
  CHECK(f.transfer->progress().keys == 200);
  CHECK(f.transfer->progress().bytes > 200 * 10);
  f.check_equal();
  f.turns(2);
  CHECK(f.transfer->idle());
  CHECK(f.budget.pages_under_way() == 0);
}

TEST_CASE("Transfer: the source forgets the ranges in the end", "[coordinator][transfer]") {
  Fixture f(10);
  f.run();
  CHECK(f.rig.times_asked(Fixture::source, Opcode::define_ranges) == 2);
  CHECK_FALSE(f.transfer->idle());
  f.turns(3);
  CHECK(f.rig.times_asked(Fixture::source, Opcode::define_ranges) == 2);
  CHECK(f.transfer->idle());
}

TEST_CASE("Transfer: a value larger than any page is copied too", "[coordinator][transfer]") {
  Fixture f(20);
  f.write(Opcode::put, "large", std::string(5'000'000, 'x'));
  f.run();
  CHECK(f.transfer->complete());
  f.check_equal();
}

TEST_CASE("Transfer: a write into the page under way follows it, at its old place in the order",
          "[coordinator][transfer]") {
  Fixture f(50);
  f.rig.transport.by_hand();
  use_one_page(f);
  f.transfer->step();
  while (f.pages() == 0) {
    f.rig.transport.run(Fixture::source);
    f.rig.transport.deliver(Fixture::source);
    f.turn();
  }
  f.settings.most_held_bytes = 0;
  const std::string key = key_in_page(f, true);
  f.write(Opcode::increment, key, std::string_view("\1\0\0\0\0\0\0\0", 8));
  const std::uint64_t place = f.rig.sequence;
  f.write(Opcode::append, key, "0");
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::increment) == 0);
  f.rig.transport.let_go();
  f.settings.most_held_bytes = 1'000;
  while (f.transfer->frontier() <= scan_position(key))
    f.turn();
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::increment) == 1);
  const Dump here(f.rig, Fixture::destination);
  f.rig.settle();
  REQUIRE(here.entries.contains(key));
  CHECK(here.entries.at(key) == test::Stored{"10", place + 1});
  f.run();
  f.check_equal();
}

TEST_CASE("Transfer: writes beyond the page under way are not kept", "[coordinator][transfer]") {
  Fixture f(50);
  f.turn_until_page(1);
  f.settings.most_held_bytes = 0;
  const std::string key = key_in_page(f, false);
  f.write(Opcode::put, key, "1");
  f.write(Opcode::erase, key);
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::put) == 0);
  f.settings.most_held_bytes = 1'000;
  f.run();
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::put) == 0);
  f.check_equal();
}

TEST_CASE("Transfer: when too much is held, writers into the page have to wait, and only they",
          "[coordinator][transfer]") {
  Fixture f(50);
  f.settings.most_held_bytes = 100;
  CHECK(f.transfer->has_room(0));
  f.turn_until_page(1);
  f.settings.most_held_bytes = 0;
  const std::string in_page = key_in_page(f, true);
  const std::string beyond = key_in_page(f, false);
  f.settings.most_held_bytes = 100;
  CHECK(f.transfer->has_room(scan_position(in_page)));
  f.write(Opcode::put, in_page, std::string(100, 'v'));  // the first that goes beyond is taken
  CHECK_FALSE(f.transfer->has_room(scan_position(in_page)));
  CHECK(f.transfer->has_room(scan_position(beyond)));
  while (f.transfer->frontier() <= scan_position(in_page))
    f.turn();
  CHECK(f.transfer->has_room(scan_position(in_page)));
  f.run();
  f.check_equal();
}

TEST_CASE("Transfer: one that is cancelled asks for nothing more", "[coordinator][transfer]") {
  Fixture f(100);
  const std::size_t pages = GENERATE(1U, 2U, 3U);
  f.turn_until_page(pages);
  f.transfer->cancel();
  const std::size_t taken_in = f.rig.times_asked(Fixture::destination, Opcode::copy_in);
  f.write(Opcode::put, "k", "1");
  f.turns(20);
  CHECK(f.transfer->idle());
  CHECK_FALSE(f.transfer->complete());
  CHECK_FALSE(f.transfer->failure());
  CHECK(f.pages() == pages);
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::copy_in) == taken_in);
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::put) == 0);
  CHECK(f.budget.pages_under_way() == 0);
}

TEST_CASE("Transfer: another source goes on where the first one was", "[coordinator][transfer]") {
  Fixture f(100);
  f.turn_until_page(4);
  const std::uint64_t frontier = f.transfer->frontier();
  REQUIRE(frontier > 0);
  f.settings.most_held_bytes = 0;
  const std::string key = key_in_page(f, true);
  f.settings.most_held_bytes = 1'000;
  f.write(Opcode::append, key, "tail");  // held for a page that comes to nothing
  const std::shared_ptr<Transfer> first = f.transfer;
  f.transfer = f.make(first, Fixture::other_source);
  first->cancel();
  f.turn();  // the answer to the fourth page comes, for nothing
  CHECK(f.transfer->frontier() == frontier);
  f.run();
  CHECK(f.pages() == 4);
  CHECK(first->progress().keys + f.transfer->progress().keys == 101);
  first->step();
  f.turns(3);
  CHECK(first->idle());
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::append) == 0);
  f.check_equal();
}

TEST_CASE("Transfer: clients with much to do go first, but not for ever",
          "[coordinator][transfer]") {
  Fixture f(10);
  f.rig.feigned_waiting_bytes = f.settings.short_queue_bytes + 1;
  f.turns(3);
  const auto courtesy = static_cast<int>(f.settings.longest_courtesy / 1ms);
  f.turns(courtesy - 2);
  CHECK(f.pages() == 0);
  f.turns(2);
  CHECK(f.pages() == 1);
}

TEST_CASE("Transfer: without a permission no page is fetched", "[coordinator][transfer]") {
  Fixture f(10);
  std::optional<CopyBudget::Page> elsewhere = f.budget.try_start(Fixture::source, f.rig.time);
  f.turns(50);
  CHECK(f.pages() == 0);
  elsewhere.reset();
  f.run();
  f.check_equal();
}

TEST_CASE("Transfer: several share a budget of one page", "[coordinator][transfer]") {
  Fixture f(300);
  f.budget = CopyBudget({0, 1});
  const auto second = f.make(nullptr, Fixture::other_source);
  for (int i = 0; !f.transfer->complete() || !second->complete(); ++i) {
    REQUIRE(i < 10'000);
    f.turn();
    second->step();
    CHECK(f.budget.pages_under_way() <= 1);
  }
  f.turns(2);
  second->step();
  f.turns(2);
  CHECK(second->idle());
  f.check_equal();
}
