#include "coordinator/transfer.hpp"
#include "coordinator/transfer_fixture.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

using namespace pkv;
using test::CopyRig;
using wire::Opcode;
using Fixture = test::TransferFixture;

TEST_CASE("Transfer: what fails at the source is asked for again after a pause",
          "[coordinator][transfer]") {
  Fixture f(100);
  const auto fate = GENERATE(CopyRig::Fate::refused, CopyRig::Fate::failed, CopyRig::Fate::garbled);
  const auto opcode = GENERATE(Opcode::copy_page, Opcode::define_ranges);
  f.spoil(Fixture::source, opcode, fate, 5);
  const auto before = f.rig.time;
  f.run();
  CHECK(f.transfer->complete());
  CHECK(f.rig.time - before >= f.settings.first_pause);
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::erase_page) == 0);
  f.check_equal();
}

TEST_CASE("Transfer: a source that never gives a page is given up", "[coordinator][transfer]") {
  Fixture f(100);
  f.spoil(Fixture::source, Opcode::copy_page, CopyRig::Fate::failed, 1'000);
  f.run();
  CHECK(f.transfer->failure() == errc::malformed_frame);
  CHECK_FALSE(f.transfer->complete());
  CHECK(f.pages() == f.settings.most_failures + 1);
  f.write(Opcode::put, "k", "1");
  f.turns(200);
  CHECK(f.pages() == f.settings.most_failures + 1);
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::put) == 0);
  CHECK(f.transfer->idle());
  CHECK(f.budget.pages_under_way() == 0);
}

TEST_CASE("Transfer: when the destination fails it is emptied and filled anew",
          "[coordinator][transfer]") {
  Fixture f(100);
  const auto fate = GENERATE(CopyRig::Fate::refused, CopyRig::Fate::failed);
  f.turn_until_page(5);
  const std::uint64_t reached = f.transfer->frontier();
  REQUIRE(reached > 0);
  SECTION("to take in a page") {
    f.spoil(Fixture::destination, Opcode::copy_in, fate, 1);
  }
  SECTION("to do a write below the frontier") {
    std::size_t number = 0;
    while (scan_position(Fixture::key_of(number)) >= f.transfer->frontier())
      ++number;
    f.spoil(Fixture::destination, Opcode::append, fate, 1);
    f.write(Opcode::append, Fixture::key_of(number), "tail");
    f.write(Opcode::erase, Fixture::key_of(number));
  }
  SECTION("to erase what it has") {
    f.rig.fate_of = [fate, left = 2](std::size_t at, const wire::Operation& operation) mutable {
      const bool hit = at == Fixture::destination && (operation.opcode == Opcode::copy_in ||
                                                      operation.opcode == Opcode::erase_page);
      return hit && left > 0 && left-- > 0 ? fate : CopyRig::Fate::run;
    };
  }
  while (f.transfer->frontier() >= reached && !f.transfer->complete())
    f.turn();
  CHECK(f.transfer->frontier() == 0);
  CHECK(f.transfer->progress().keys == 0);
  f.run();
  CHECK(f.transfer->complete());
  CHECK_FALSE(f.transfer->divergence());
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::erase_page) > 0);
  CHECK(f.transfer->progress().keys >= 99);
  f.check_equal();
}

TEST_CASE("Transfer: a destination that always fails is given up", "[coordinator][transfer]") {
  Fixture f(100);
  const auto opcode = GENERATE(Opcode::copy_in, Opcode::erase_page);
  if (opcode == Opcode::copy_in) {
    f.spoil(Fixture::destination, opcode, CopyRig::Fate::failed, 1'000'000);
  } else {
    f.rig.fate_of = [](std::size_t at, const wire::Operation& operation) {
      const bool hit = at == Fixture::destination && (operation.opcode == Opcode::copy_in ||
                                                      operation.opcode == Opcode::erase_page);
      return hit ? CopyRig::Fate::refused : CopyRig::Fate::run;
    };
  }
  f.run();
  CHECK(f.transfer->failure());
  f.turns(50);
  CHECK(f.transfer->idle());
  CHECK(f.budget.pages_under_way() == 0);
  const std::size_t taken_in = f.rig.times_asked(Fixture::destination, Opcode::copy_in);
  CHECK(taken_in == (opcode == Opcode::copy_in ? f.settings.most_starts_over + 1 : 1));
}

TEST_CASE("Transfer: a write that fails at the source in the same way is no failure",
          "[coordinator][transfer]") {
  Fixture f(100);
  f.turn_until_page(5);
  std::size_t number = 0;
  while (scan_position(Fixture::key_of(number)) >= f.transfer->frontier())
    ++number;
  f.write(Opcode::create, Fixture::key_of(number), "there is one");
  f.write(Opcode::increment, Fixture::key_of(number), std::string(8, '\1'));
  f.write(Opcode::erase, Fixture::key_of(number));
  f.write(Opcode::update, Fixture::key_of(number), "there is none");
  f.run();
  CHECK(f.transfer->complete());
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::erase_page) == 0);
  CHECK(f.rig.times_asked(Fixture::destination, Opcode::update) == 1);
  f.check_equal();
}

TEST_CASE("Transfer: a write that fails after the end is told of", "[coordinator][transfer]") {
  Fixture f(100);
  f.run();
  REQUIRE(f.transfer->complete());
  f.spoil(Fixture::destination, Opcode::put, CopyRig::Fate::failed, 1);
  f.write(Opcode::put, "k", "1");
  CHECK_FALSE(f.transfer->divergence());
  CHECK_FALSE(f.transfer->idle());
  f.turns(3);
  CHECK(f.transfer->divergence() == errc::malformed_frame);
  CHECK(f.transfer->complete());
  CHECK(f.transfer->idle());
}

TEST_CASE("Transfer: a destination that is lost disagrees with nobody", "[coordinator][transfer]") {
  Fixture f(100);
  const bool at_the_end = GENERATE(false, true);
  f.turn_until_page(5);
  if (at_the_end) f.run();
  std::size_t number = 0;
  while (scan_position(Fixture::key_of(number)) >= f.transfer->frontier())
    ++number;
  f.rig.transport.by_hand();
  f.write(Opcode::put, Fixture::key_of(number), "1");
  if (!at_the_end) f.transfer->cancel();
  f.rig.transport.disconnect(Fixture::destination);
  f.rig.transport.let_go();
  f.turns(3);
  CHECK_FALSE(f.transfer->divergence());
  CHECK(f.transfer->idle());
}

TEST_CASE("Transfer: what its predecessor's last writes come to is waited for",
          "[coordinator][transfer]") {
  Fixture f(100);
  const bool fails = GENERATE(false, true);
  f.turn_until_page(5);
  std::size_t number = 0;
  while (scan_position(Fixture::key_of(number)) >= f.transfer->frontier())
    ++number;
  f.rig.transport.by_hand();
  if (fails) f.spoil(Fixture::destination, Opcode::append, CopyRig::Fate::failed, 1);
  f.write(Opcode::append, Fixture::key_of(number), "tail");
  const std::shared_ptr<Transfer> first = f.transfer;
  f.transfer = f.make(first);
  first->cancel();
  const std::uint64_t frontier = f.transfer->frontier();
  CHECK(frontier > scan_position(Fixture::key_of(number)));
  const std::size_t definitions = f.rig.times_asked(Fixture::source, Opcode::define_ranges);
  f.turns(20);
  CHECK(f.rig.times_asked(Fixture::source, Opcode::define_ranges) == definitions);
  f.write(Opcode::append, Fixture::key_of(number), "another");  // by the successor
  f.rig.transport.let_go();
  f.run();
  first->step();
  f.turns(3);
  CHECK(first->idle());
  CHECK_FALSE(first->divergence());
  CHECK(f.transfer->complete());
  CHECK((f.rig.times_asked(Fixture::destination, Opcode::erase_page) > 0) == fails);
  f.check_equal();
}

TEST_CASE("Transfer: a clear makes good whatever the destination failed at",
          "[coordinator][transfer]") {
  Fixture f(100);
  f.turn_until_page(5);
  f.rig.transport.by_hand();
  std::size_t number = 0;
  while (scan_position(Fixture::key_of(number)) >= f.transfer->frontier())
    ++number;
  f.spoil(Fixture::destination, Opcode::append, CopyRig::Fate::failed, 1);
  f.write(Opcode::append, Fixture::key_of(number), "tail");
  ++f.rig.sequence;
  wire::Operation clear;
  clear.opcode = Opcode::clear;
  for (std::size_t worker = 0; worker < 3; ++worker)
    f.rig.append_at(worker, clear, f.rig.sequence, {&f.clients, 0, 0});
  f.transfer->on_clear();
  CHECK(f.transfer->complete());
  f.write(Opcode::put, "k", "1");
  f.rig.transport.let_go();
  f.turns(5);
  CHECK_FALSE(f.transfer->divergence());
  CHECK(f.transfer->idle());
  CHECK(f.budget.pages_under_way() == 0);
  f.check_equal();
}
