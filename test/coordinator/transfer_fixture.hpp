#pragma once

#include "pkv/storage_engine.hpp"

#include "coordinator/copy_rig.hpp"
#include "coordinator/transfer.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace pkv::test {

/// Two workers with the same entries, and one without, to which all are copied.
struct TransferFixture {
  static constexpr std::size_t source = 0;
  static constexpr std::size_t other_source = 1;
  static constexpr std::size_t destination = 2;

  explicit TransferFixture(std::size_t keys = 0) {
    for (std::size_t i = 0; i < keys; ++i)
      write(wire::Opcode::put, key_of(i), "first");
    rig.settle();
  }
  ~TransferFixture() {
    rig.fate_of = [](std::size_t, const wire::Operation&) { return CopyRig::Fate::run; };
    transfer->cancel();
    rig.transport.let_go();
    turns(10);
  }

  static std::string key_of(std::size_t number) { return "key" + std::to_string(number); }

  [[nodiscard]] std::shared_ptr<Transfer> make(std::shared_ptr<const Transfer> predecessor,
                                               std::size_t from = source) {
    const auto all = std::make_shared<const RingRanges>(RingRanges{{0, last_ring_position}});
    const TransferPlan plan{++last_id, from, destination, all};
    if (!predecessor) return std::make_shared<Transfer>(rig, budget, settings, plan);
    return std::make_shared<Transfer>(rig, budget, settings, plan, std::move(predecessor));
  }

  /// A client's write, to the holders and, if need be, to the destination.
  void write(wire::Opcode opcode, const std::string& key, std::string_view value = {}) {
    wire::Operation operation;
    operation.opcode = opcode;
    operation.key = key;
    operation.value = value;
    ++rig.sequence;
    for (const std::size_t worker : {source, other_source})
      if (rig.transport.is_connected(worker))
        rig.append_at(worker, operation, rig.sequence, {&clients, 0, 0});
    transfer->on_write(scan_position(key), operation, rig.sequence);
  }
  void turn() {
    rig.turn();
    if (steps) transfer->step();
  }
  void turns(int count) {
    for (int i = 0; i < count; ++i)
      turn();
  }
  /// Turns until the transfer has asked for so many pages in all.
  void turn_until_page(std::size_t pages) {
    for (int i = 0; this->pages() < pages; ++i) {
      REQUIRE(i < 10'000);
      turn();
    }
  }
  void run() {
    for (int i = 0; !transfer->complete() && !transfer->failure(); ++i) {
      REQUIRE(i < 10'000);
      turn();
    }
  }
  void check_equal() {
    const Dump there(rig, other_source);
    const Dump here(rig, destination);
    steps = false;
    rig.settle();
    steps = true;
    REQUIRE(there.complete);
    REQUIRE(here.complete);
    CHECK(here.entries == there.entries);
  }
  [[nodiscard]] std::size_t pages() const {
    return rig.times_asked(source, wire::Opcode::copy_page);
  }
  /// The operation is answered so from here on, up to so many times.
  void spoil(std::size_t worker, wire::Opcode opcode, CopyRig::Fate fate, std::size_t times) {
    rig.fate_of = [=, left = times](std::size_t at, const wire::Operation& operation) mutable {
      if (at != worker || operation.opcode != opcode || left == 0) return CopyRig::Fate::run;
      --left;
      return fate;
    };
  }

  CopyRig rig{3};
  Bystander clients;
  CopySettings settings = small_copy_settings();
  CopyBudget budget{{}};
  std::uint32_t last_id = 0;
  std::shared_ptr<Transfer> transfer = make(nullptr);
  bool steps = true;
};

}  // namespace pkv::test
