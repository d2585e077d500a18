#include "base/hash.hpp"
#include "storage/any_engine.hpp"
#include "storage/scan_position.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace pkv {
namespace {

using test::AnyEngine;
using test::EngineKind;

std::uint64_t few_hashes(std::string_view key) noexcept {
  return hash_bytes(key) & 0xFF0F;
}

constexpr ScanCursor cursor_end = ScanCursor{1} << 48;

TEST_CASE("scan_position: positions and hashes are each other's inverse", "[storage]") {
  CHECK(position_of(0) == 0);
  CHECK(position_of(1) == std::uint64_t{1} << 47);
  CHECK(position_of(std::uint64_t{1} << 47) == 1);
  CHECK(position_of(std::uint64_t{1} << 48) == 0);
  CHECK(position_of(~std::uint64_t{0}) == cursor_end - 1);
  for (const std::uint64_t position :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xABCDEF}, cursor_end - 1}) {
    CHECK(position_of(hash_at(position)) == position);
  }
}

TEST_CASE("scan_position: a key's position never changes", "[storage]") {
  // XXH3 of nothing is 0x2d06800538d394c2; 0xc2 reversed is 0x43, and so on.
  CHECK(scan_position("") == 0x4329cb1ca001);
  CHECK(scan_position("key") == 0xc7a68a05c6b0);
  for (const std::string_view key : {"", "a", "another key"})
    CHECK(scan_position(key) == position_of(hash_bytes(key)));
}

TEST_CASE("Scan: a page holds exactly the entries between two positions", "[storage]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  AnyEngine owned(kind);
  StorageEngine& engine = *owned;
  std::map<ScanCursor, std::string> in_order;
  const auto count = static_cast<unsigned>(1 + random() % 5'000);
  for (unsigned i = 0; i < count; ++i) {
    const std::string key = std::to_string(i);
    REQUIRE(engine.put(key, "v", 1));
    in_order[scan_position(key)] = key;
  }
  REQUIRE(in_order.size() == count);

  for (int round = 0; round < 500; ++round) {
    // Also cursors that no scan has given out.
    const ScanCursor cursor = round % 2 == 0 ? random() % cursor_end : random() % (cursor_end >> 8);
    const std::size_t wanted = random() % 50;
    const result<ScanPage> page =
        round % 3 == 0 ? engine.scan_keys(cursor, wanted) : engine.scan(cursor, wanted);
    REQUIRE(page.has_value());
    std::set<std::string> returned;
    for (const EntryView& entry : page->entries)
      returned.emplace(entry.key);
    const ScanCursor next = page->next == 0 ? cursor_end : page->next;
    std::set<std::string> expected;
    for (auto at = in_order.lower_bound(cursor); at != in_order.end() && at->first < next; ++at)
      expected.insert(at->second);
    CAPTURE(cursor, next);
    REQUIRE(next > cursor);
    REQUIRE(returned == expected);
    REQUIRE(page->entries.size() == expected.size());
  }
}

TEST_CASE("Scan: two stores of different size and past agree about what comes when", "[storage]") {
  // Of different kinds, too.
  AnyEngine owned_large(EngineKind::memory);
  AnyEngine owned_small(GENERATE(EngineKind::memory, EngineKind::sqlite));
  StorageEngine& large = *owned_large;
  StorageEngine& small = *owned_small;
  for (unsigned i = 0; i < 20'000; ++i)
    REQUIRE(large.put(std::to_string(i), "v", 1));
  for (unsigned i = 0; i < 50'000; ++i)
    REQUIRE(small.put(std::to_string(i), "v", 1));
  for (unsigned i = 100; i < 50'000; ++i)
    REQUIRE(small.erase(std::to_string(i)).value());

  const ScanCursor middle = large.scan(0, 7'000).value().next;
  std::size_t passed = 0;
  for (ScanCursor cursor = 0; cursor < middle;) {
    const ScanPage page = small.scan(cursor, 1).value();
    for (const EntryView& entry : page.entries)
      if (scan_position(entry.key) < middle) ++passed;
    cursor = page.next == 0 ? cursor_end : page.next;
  }
  std::size_t expected = 0;
  for (unsigned i = 0; i < 100; ++i)
    if (scan_position(std::to_string(i)) < middle) ++expected;
  CHECK(passed == expected);
  CHECK(passed > 0);
  CHECK(passed < 100);
}

TEST_CASE("Scan: an empty store is one page", "[storage]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  AnyEngine owned(kind);
  StorageEngine& engine = *owned;
  const result<ScanPage> page = engine.scan(0, 10);
  REQUIRE(page.has_value());
  CHECK(page->entries.empty());
  CHECK(page->next == 0);
}

TEST_CASE("Scan: any cursor is answered, also ones that were never given out", "[storage]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  AnyEngine owned(kind);
  StorageEngine& engine = *owned;
  for (unsigned i = 0; i < 1'000; ++i)
    REQUIRE(engine.put(std::to_string(i), "v", i));
  for (const ScanCursor cursor : {ScanCursor{1}, cursor_end - 1, cursor_end, ~ScanCursor{0}}) {
    CAPTURE(cursor);
    const result<ScanPage> page = engine.scan(cursor, 2'000);
    REQUIRE(page.has_value());
    CHECK(page->next == 0);
    if (cursor >= cursor_end) CHECK(page->entries.empty());
  }
}

TEST_CASE("Scan: the page is about as long as asked for", "[storage]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  AnyEngine owned(kind);
  StorageEngine& engine = *owned;
  for (unsigned i = 0; i < 10'000; ++i)
    REQUIRE(engine.put(std::to_string(i), "v", i));
  for (const std::size_t count : {0U, 1U, 10U, 1'000U}) {
    const result<ScanPage> page = engine.scan(0, count);
    REQUIRE(page.has_value());
    CHECK(page->entries.size() >= count);
    CHECK(page->entries.size() < count + 40);
    CHECK(page->next != 0);
    CHECK(page->next < cursor_end);
  }
}

/// Scans a store while it changes, and checks the promise about keys present throughout.
class DisturbedScan {
 public:
  DisturbedScan(AnyEngine& engine, std::uint32_t seed) : engine_(*engine), random_(seed) {}

  void fill(unsigned permanent, unsigned passing) {
    REQUIRE(engine_.begin_batch());
    for (unsigned i = 0; i < permanent; ++i)
      REQUIRE(engine_.put(permanent_key(i), "p", i));
    for (unsigned i = 0; i < passing; ++i)
      add_passing();
    REQUIRE(engine_.end_batch());
    permanent_ = permanent;
  }

  /// `growth`: entries added (or, if negative, removed) after each page.
  void run(int growth) {
    std::unordered_map<std::string, unsigned> seen;
    ScanCursor cursor = 0;
    ScanCursor before = 0;
    do {
      const result<ScanPage> page = engine_.scan(cursor, 1 + random_() % 20);
      REQUIRE(page.has_value());
      for (const EntryView& entry : page->entries)
        ++seen[std::string(entry.key)];
      before = cursor;
      cursor = page->next;
      if (cursor != 0 && cursor <= before) FAIL("the scan goes back");
      for (int i = 0; i < growth; ++i)
        add_passing();
      for (int i = 0; i > growth; --i)
        remove_passing();
    } while (cursor != 0);

    for (unsigned i = 0; i < permanent_; ++i) {
      if (seen[permanent_key(i)] != 1) FAIL(permanent_key(i) << ": " << seen[permanent_key(i)]);
    }
    for (const auto& [key, times] : seen) {
      if (times > 1) FAIL(key << " was returned " << times << " times");
    }
  }

 private:
  static std::string permanent_key(unsigned number) { return "permanent" + std::to_string(number); }

  void add_passing() { REQUIRE(engine_.put("passing" + std::to_string(next_passing_++), "v", 1)); }

  void remove_passing() {
    if (first_passing_ == next_passing_) return;
    REQUIRE(engine_.erase("passing" + std::to_string(first_passing_++)).value());
  }

  StorageEngine& engine_;
  std::mt19937 random_;
  unsigned permanent_ = 0;
  unsigned first_passing_ = 0;
  unsigned next_passing_ = 0;
};

TEST_CASE("Scan: what is present throughout is returned exactly once", "[storage]") {
  const auto seed = std::random_device{}();
  struct Setting {
    EngineKind kind;
    MemoryEngineOptions::Hash hash;
  };
  const Setting setting =
      GENERATE(Setting{EngineKind::memory, nullptr}, Setting{EngineKind::memory, &few_hashes},
               Setting{EngineKind::sqlite, nullptr});
  AnyEngine engine(setting.kind, setting.hash);
  CAPTURE(seed);
  SECTION("while nothing changes") {
    DisturbedScan scan(engine, seed);
    scan.fill(3'000, 0);
    scan.run(0);
  }
  SECTION("while the store grows to many times its size") {
    DisturbedScan scan(engine, seed);
    scan.fill(1'000, 0);
    scan.run(40);
  }
  SECTION("while the store shrinks to a fraction of its size") {
    DisturbedScan scan(engine, seed);
    scan.fill(1'000, 60'000);
    scan.run(-100);
  }
  SECTION("again and again, growing and shrinking in turn") {
    DisturbedScan scan(engine, seed);
    scan.fill(500, 2'000);
    for (const int growth : {20, -30, 50, -60, 7, -100})
      scan.run(growth);
  }
}

}  // namespace
}  // namespace pkv
