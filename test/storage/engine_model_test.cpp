#include "base/hash.hpp"
#include "storage/any_engine.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>

// A long random history on an engine and on std::unordered_map side by side, with the hash that is
// used and with ones that are as bad as an adversary could make them.

namespace pkv {
namespace {

using test::AnyEngine;
using test::EngineKind;

std::uint64_t always_the_same(std::string_view) noexcept {
  return 0x0123456789ABCDEFU;
}

std::uint64_t same_bucket(std::string_view key) noexcept {
  return hash_bytes(key) << 32;
}

std::uint64_t same_tag(std::string_view key) noexcept {
  return hash_bytes(key) & 0xFFFFFFFFU;
}

std::uint64_t few_buckets(std::string_view key) noexcept {
  return hash_bytes(key) % 5;
}

struct Expected {
  std::string value;
  Version version;
};

class Comparison {
 public:
  Comparison(AnyEngine& engine, unsigned key_count, std::uint32_t seed)
      : engine_(*engine), key_count_(key_count), random_(seed) {}

  void run(unsigned steps) {
    for (version_ = 1; version_ <= steps; ++version_) {
      // Now and then some belong together.
      if (version_ % 100 == 1) REQUIRE(engine_.begin_batch());
      if (version_ % 100 == 81) REQUIRE(engine_.end_batch());
      // Growing and shrinking in turn: a bias towards writing, then towards erasing.
      const bool growing = (version_ / (steps / 6 + 1)) % 2 == 0;
      if (pick(10) < (growing ? 2U : 6U)) {
        erase(random_key());
      } else if (pick(4) == 0) {
        append(random_key());
      } else {
        put(random_key());
      }
      find(random_key());
      if (version_ % (steps / 10) == 0) compare_all();
    }
    REQUIRE(engine_.end_batch());
    compare_all();
  }

 private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

  std::string random_key() {
    const unsigned number = pick(key_count_);
    return std::string(number % 40, 'k') + std::to_string(number);
  }

  std::string random_bytes() {
    const std::size_t length = pick(2'000) == 0 ? 20'000 : pick(200);
    return std::string(length, static_cast<char>(random_()));
  }

  void put(const std::string& key) {
    const std::string value = random_bytes();
    REQUIRE(engine_.put(key, value, version_));
    model_[key] = {value, version_};
  }

  void append(const std::string& key) {
    const std::string tail = random_bytes();
    const result<std::size_t> length = engine_.append(key, tail, version_);
    REQUIRE(length);
    Expected& expected = model_[key];
    expected.value += tail;
    expected.version = version_;
    if (*length != expected.value.size()) FAIL("length of " << key << " after append");
  }

  void erase(const std::string& key) {
    if (engine_.erase(key).value() != (model_.erase(key) == 1)) FAIL("erase of " << key);
  }

  void find(const std::string& key) {
    const result<ValueView> found = engine_.find(key);
    const auto expected = model_.find(key);
    if (found.has_value() != (expected != model_.end())) FAIL("presence of " << key);
    if (found) compare(key, *found, expected->second);
  }

  static void compare(std::string_view key, const ValueView& found, const Expected& expected) {
    if (found.value != expected.value) FAIL("value of " << key);
    if (found.version != expected.version) FAIL("version of " << key);
  }

  void compare_all() {
    CHECK(engine_.count() == model_.size());
    const result<ScanPage> all = engine_.scan(0, model_.size() + 1);
    REQUIRE(all.has_value());
    CHECK(all->next == 0);
    CHECK(all->entries.size() == model_.size());
    for (const EntryView& entry : all->entries) {
      const auto expected = model_.find(std::string(entry.key));
      if (expected == model_.end()) FAIL("scan returned " << entry.key);
      compare(entry.key, {entry.value, entry.version}, expected->second);
    }
  }

  StorageEngine& engine_;
  unsigned key_count_;
  std::mt19937 random_;
  Version version_ = 0;
  std::unordered_map<std::string, Expected> model_;
};

TEST_CASE("MemoryEngine: behaves like a map over a long random history", "[storage]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  const unsigned key_count = GENERATE(5U, 500U, 30'000U);
  AnyEngine engine(EngineKind::memory);
  Comparison(engine, key_count, seed).run(200'000);
}

TEST_CASE("SqliteEngine: behaves like a map over a long random history", "[storage][sqlite]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  const unsigned key_count = GENERATE(5U, 3'000U);
  AnyEngine engine(EngineKind::sqlite);
  Comparison(engine, key_count, seed).run(20'000);
}

TEST_CASE("MemoryEngine: stays correct when thousands of keys collide", "[storage]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  const MemoryEngineOptions::Hash hash =
      GENERATE(&always_the_same, &same_bucket, &same_tag, &few_buckets);
  AnyEngine engine(EngineKind::memory, hash);
  Comparison(engine, 3'000, seed).run(40'000);
}

}  // namespace
}  // namespace pkv
