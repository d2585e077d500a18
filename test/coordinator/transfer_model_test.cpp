#include "pkv/storage_engine.hpp"

#include "coordinator/copy_rig.hpp"
#include "coordinator/transfer.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace pkv;
using test::Bystander;
using test::CopyRig;
using test::Dump;
using test::Entries;

namespace {

constexpr std::size_t key_count = 400;
constexpr std::size_t destination = 3;  // workers 0 to 2 hold everything

/// Writes at random on holders and copies from them to another worker, at random speeds.
class World {
 public:
  explicit World(std::uint64_t seed) : random(seed) {
    rig.transport.by_hand();
    for (std::size_t i = 0; i < key_count; ++i)
      keys.push_back("key" + std::to_string(random() % 1'000'000));
    std::ranges::sort(keys, {}, scan_position);
    for (int i = 0; i < 800; ++i)
      write();
    ranges = test::random_ranges(random, 1 + random() % 20);
  }
  ~World() {
    for (const auto& transfer : transfers)
      transfer->cancel();
    settle();
  }

  void start() {
    const auto all = std::make_shared<const RingRanges>(ranges);
    transfers = {std::make_shared<Transfer>(rig, budget, settings,
                                            TransferPlan{++last_id, 0, destination, all})};
  }

  /// A write of any kind, to every holder.
  void write() {
    const std::string& key = some_key();
    const std::string value =
        random() % 3 == 0 ? std::to_string(random() % 1'000) : std::string(random() % 40, 'v');
    wire::Operation operation;
    operation.key = key;
    operation.value = value;
    const std::int64_t addend = 7;
    switch (random() % 12) {
      case 0:
        operation.opcode = wire::Opcode::create;
        break;
      case 1:
        operation.opcode = wire::Opcode::update;
        break;
      case 2:
        operation.opcode = wire::Opcode::erase;
        break;
      case 3:
        operation.opcode = wire::Opcode::remove;
        break;
      case 4:
        operation.opcode = wire::Opcode::put_if_new;
        break;
      case 5:
        operation.opcode = wire::Opcode::append;
        break;
      case 6:
        operation.opcode = wire::Opcode::increment;
        operation.value = {reinterpret_cast<const char*>(&addend), sizeof addend};
        break;
      case 7:
        operation.opcode = wire::Opcode::exchange;
        break;
      case 8:
        operation.opcode = wire::Opcode::take;
        break;
      default:
        operation.opcode = wire::Opcode::put;
        operation.flags = static_cast<std::uint8_t>(random() % 8);
        if ((operation.flags & 3) == 3) operation.flags = 0;
    }
    order(operation);
  }

  void clear() {
    ++rig.sequence;
    wire::Operation operation;
    operation.opcode = wire::Opcode::clear;
    for (std::size_t worker = 0; worker <= destination; ++worker)
      if (is_alive(worker)) rig.append_at(worker, operation, rig.sequence, {&clients, 0, 0});
    for (const auto& transfer : transfers)
      transfer->on_clear();
  }

  /// The first holder's process dies; the others carry on, each with a share of the ranges.
  void kill_source(std::size_t shares) {
    rig.transport.kill(0);
    rig.transport.disconnect(0);
    const std::shared_ptr<Transfer> whole = transfers.at(0);
    transfers.clear();
    for (const auto& part : test::dealt(ranges, shares)) {
      if (part->empty()) continue;
      const std::size_t source = 1 + transfers.size() % 2;
      transfers.push_back(std::make_shared<Transfer>(
          rig, budget, settings, TransferPlan{++last_id, source, destination, part}, whole));
    }
    whole->cancel();
    buried.push_back(whole);
  }

  /// Something happens.
  void step() {
    switch (random() % 6) {
      case 0:
      case 1:
        write();
        break;
      case 2:
      case 3:
        turn();
        break;
      default:
        rig.transport.step(random);
    }
  }
  void turn() {
    rig.turn();
    for (const auto& each : transfers)
      each->step();
    for (const auto& each : buried)
      each->step();
    if (transfers.size() == 1 && transfers[0]->frontier() == 0) unnoticed_fault = false;
  }
  /// Goes on without further writes until everything has been answered.
  void settle() {
    do {
      turn();
    } while (rig.transport.step(random) || !rig.idle());
  }

  /// Looks at the holder and at the destination as of this place in the order.
  void look() {
    if (!unnoticed_fault) looks.push_back(std::make_unique<Look>(*this));
  }
  /// What was copied then was the same on both, and nothing else was there.
  void compare() {
    settle();
    for (const auto& each : looks)
      compare(*each);
    looks.clear();
  }

  [[nodiscard]] bool complete() const {
    return std::ranges::all_of(transfers, [](const auto& each) { return each->complete(); });
  }
  [[nodiscard]] bool failed() const {
    return std::ranges::any_of(transfers,
                               [](const auto& each) { return each->failure().has_value(); });
  }
  void step(int times) {
    for (int i = 0; i < times; ++i)
      step();
  }
  /// Steps until the copying has come to its end.
  void run() {
    for (int i = 0; !complete() && !failed(); ++i) {
      REQUIRE(i < 1'000'000);
      step();
    }
  }
  /// The same, looking every now and then.
  void look_and_run(int looks_before) {
    for (int i = 0; i < looks_before; ++i) {
      look();
      step(50);
    }
    run();
  }
  void check_end() {
    REQUIRE_FALSE(failed());
    look();
    compare();
    REQUIRE(complete());
    for (const auto& transfer : transfers) {
      REQUIRE(transfer->idle());
      REQUIRE_FALSE(transfer->divergence());
      REQUIRE(transfer->progress().share == 1.0);
    }
    for (const auto& transfer : buried)
      REQUIRE(transfer->idle());
    REQUIRE(budget.pages_under_way() == 0);
  }

  std::mt19937_64 random;
  CopyRig rig{destination + 1};
  CopySettings settings = test::small_copy_settings();
  CopyBudget budget{{}};
  RingRanges ranges;
  std::vector<std::string> keys;
  std::vector<std::shared_ptr<Transfer>> transfers;
  std::vector<std::shared_ptr<Transfer>> buried;
  std::size_t writes_refused = 0;
  bool unnoticed_fault = false;   // of the destination; copying starts over when it is known
  bool may_hold_remains = false;  // at the destination, above the frontier

 private:
  /// What is to be compared, some time.
  struct Look {
    explicit Look(World& world)
        : transfers(world.transfers), there(world.rig, 2), here(world.rig, destination) {
      for (const auto& transfer : transfers)
        frontiers.push_back(transfer->frontier());
    }

    std::vector<std::shared_ptr<Transfer>> transfers;
    std::vector<std::uint64_t> frontiers;
    Dump there;
    Dump here;
  };

  void compare(const Look& look) const {
    REQUIRE(look.there.complete);
    REQUIRE(look.here.complete);
    const auto is_copied = [&](const std::string& key) {
      for (std::size_t i = 0; i < look.transfers.size(); ++i)
        if (test::covers(*look.transfers[i]->plan().ranges, key))
          return scan_position(key) < look.frontiers[i];
      return false;
    };
    Entries expected = look.there.entries;
    std::erase_if(expected, [&](const auto& entry) { return !is_copied(entry.first); });
    Entries found = look.here.entries;
    if (may_hold_remains)
      std::erase_if(found, [&](const auto& entry) { return !is_copied(entry.first); });
    REQUIRE(found == expected);
  }

  [[nodiscard]] bool is_alive(std::size_t worker) const {
    return rig.transport.is_connected(worker);
  }

  /// Often one where copying is going on.
  [[nodiscard]] const std::string& some_key() {
    if (transfers.empty() || random() % 2 == 0) return keys[random() % keys.size()];
    const std::uint64_t frontier = transfers[random() % transfers.size()]->frontier();
    const auto at = std::ranges::lower_bound(keys, frontier, {}, scan_position) - keys.begin();
    return keys[std::min(static_cast<std::size_t>(at) + random() % 20, keys.size() - 1)];
  }

  void order(const wire::Operation& operation) {
    const auto transfer = std::ranges::find_if(transfers, [&](const auto& each) {
      return test::covers(*each->plan().ranges, operation.key);
    });
    const std::uint64_t position = scan_position(operation.key);
    if (transfer != transfers.end() && !(*transfer)->has_room(position)) {
      ++writes_refused;
      return;
    }
    ++rig.sequence;
    for (std::size_t worker = 0; worker < destination; ++worker)
      if (is_alive(worker)) rig.append_at(worker, operation, rig.sequence, {&clients, 0, 0});
    if (transfer != transfers.end()) (*transfer)->on_write(position, operation, rig.sequence);
  }

  std::uint32_t last_id = 0;
  Bystander clients;
  std::vector<std::unique_ptr<Look>> looks;
};

std::uint64_t new_seed() {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  return seed;
}

constexpr int rounds = 25;

}  // namespace

TEST_CASE("Transfer: what is copied agrees with the source at every place in the order",
          "[coordinator][transfer]") {
  const std::uint64_t seed = new_seed();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(seed, round);
    World world(seed + round);
    world.start();
    world.look_and_run(20);
    world.check_end();
    CHECK(world.transfers[0]->progress().keys > 0);
  }
}

TEST_CASE("Transfer: a source that dies is replaced by another holder", "[coordinator][transfer]") {
  const std::uint64_t seed = new_seed();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (std::size_t shares = 1; shares <= 4; ++shares) {
      CAPTURE(seed, round, shares);
      World world(seed + round);
      world.start();
      world.step(static_cast<int>(world.random() % 600));
      world.look();
      world.kill_source(shares);
      world.look_and_run(5);
      world.check_end();
    }
  }
}

TEST_CASE("Transfer: when everything is cleared there is nothing left to copy",
          "[coordinator][transfer]") {
  const std::uint64_t seed = new_seed();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(seed, round);
    World world(seed + round);
    world.start();
    world.step(static_cast<int>(world.random() % 400));
    if (round % 4 == 1) world.kill_source(3);
    world.clear();
    CHECK(world.complete());
    world.look_and_run(5);
    world.check_end();
  }
}

TEST_CASE("Transfer: failures on either side leave no difference behind",
          "[coordinator][transfer]") {
  const std::uint64_t seed = new_seed();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(seed, round);
    World world(seed + round);
    world.settings.most_failures = 1'000;
    world.settings.most_starts_over = 1'000;
    world.may_hold_remains = true;
    world.rig.fate_of = [&](std::size_t worker, const wire::Operation& operation) {
      const bool of_a_look =
          worker == destination && (operation.opcode == wire::Opcode::define_ranges ||
                                    operation.opcode == wire::Opcode::copy_page);
      const bool at_source = worker == 0 && operation.opcode >= wire::Opcode::define_ranges;
      const std::size_t one_in = at_source ? 10 : worker == destination && !of_a_look ? 600 : 0;
      if (one_in == 0 || world.random() % one_in != 0) return CopyRig::Fate::run;
      if (!at_source) world.unnoticed_fault = true;
      return world.random() % 2 == 0 ? CopyRig::Fate::refused : CopyRig::Fate::failed;
    };
    world.start();
    world.look_and_run(10);
    world.rig.fate_of = [](std::size_t, const wire::Operation&) { return CopyRig::Fate::run; };
    world.compare();
    if (world.transfers[0]->divergence()) continue;  // a write on its way at the end has failed
    world.unnoticed_fault = false;
    world.may_hold_remains = false;
    world.check_end();
  }
}
