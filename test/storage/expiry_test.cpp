#include "storage/any_engine.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

// What every engine must do with entries that expire.

namespace pkv {
namespace {

using test::AnyEngine;
using test::EngineKind;

Timestamp expiry_of(StorageEngine& engine, std::string_view key) {
  const result<ValueView> found = engine.find(key);
  REQUIRE(found.has_value());
  return found->expires_at;
}

TEST_CASE("StorageEngine: a time of expiry comes, changes and goes", "[storage][expiry]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  AnyEngine engine(kind);
  REQUIRE(engine->put("key", "value", 1));
  CHECK(expiry_of(*engine, "key") == never);
  CHECK(engine->count_expiring() == 0);
  REQUIRE(engine->set_expiry("key", 2, 1'700'000'000'123));
  CHECK(expiry_of(*engine, "key") == 1'700'000'000'123);
  CHECK(engine->find("key")->value == "value");
  CHECK(engine->find("key")->version == 2);
  CHECK(engine->count_expiring() == 1);
  REQUIRE(engine->set_expiry("key", 3, 5));
  CHECK(expiry_of(*engine, "key") == 5);
  REQUIRE(engine->append("key", "!", 4));
  CHECK(expiry_of(*engine, "key") == 5);
  CHECK(engine->find("key")->value == "value!");
  REQUIRE(engine->set_expiry("key", 5, never));
  CHECK(expiry_of(*engine, "key") == never);
  CHECK(engine->count_expiring() == 0);
  REQUIRE(engine->put("key", "other", 6, 7));
  CHECK(expiry_of(*engine, "key") == 7);
  REQUIRE(engine->put("key", "third", 8));
  CHECK(expiry_of(*engine, "key") == never);
  CHECK(engine->find("key")->value == "third");
  CHECK(engine->set_expiry("missing", 9, 10).error() == errc::key_not_found);
  CHECK(engine->count() == 1);
}

TEST_CASE("StorageEngine: an entry that expires keeps its value through every size",
          "[storage][expiry]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  AnyEngine engine(kind);
  std::string expected;
  REQUIRE(engine->put("key", "", 1, 42));
  REQUIRE(engine->put("other", "o", 1, 43));
  for (std::size_t step = 0; expected.size() < 100'000; step += 3) {
    const std::string tail(step, static_cast<char>('a' + step % 26));
    expected += tail;
    REQUIRE(engine->append("key", tail, step).value() == expected.size());
    if (engine->find("key")->value != expected) FAIL("after " << expected.size() << " bytes");
    if (expiry_of(*engine, "key") != 42) FAIL("after " << expected.size() << " bytes");
  }
  CHECK(expiry_of(*engine, "other") == 43);
}

TEST_CASE("StorageEngine: what has expired at a time is counted and removed, the earliest first",
          "[storage][expiry]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  AnyEngine engine(kind);
  for (unsigned i = 1; i <= 100; ++i)
    REQUIRE(engine->put(std::to_string(i * 37 % 101), "v", i, 1'000 + i * 37 % 101));
  REQUIRE(engine->put("stays", "v", 1));
  CHECK(engine->earliest_expiry() == 1'001);
  CHECK(engine->count_expired(1'000) == 0);
  CHECK(engine->remove_expired(1'000, 10).value() == 0);
  CHECK(engine->count_expired(1'001) == 1);
  CHECK(engine->count_expired(1'060) == 60);
  CHECK(engine->count_expired(INT64_MAX) == 100);
  CHECK(engine->count() == 101);

  CHECK(engine->remove_expired(1'060, 0).value() == 0);
  CHECK(engine->remove_expired(1'060, 25).value() == 25);
  CHECK(engine->find("25").error() == errc::key_not_found);
  CHECK(engine->find("26").has_value());
  CHECK(engine->count() == 76);
  CHECK(engine->count_expired(1'060) == 35);
  CHECK(engine->remove_expired(1'060, 1'000).value() == 35);
  CHECK(engine->count_expiring() == 40);
  CHECK(engine->earliest_expiry() == 1'061);
  CHECK(engine->find("60").error() == errc::key_not_found);
  CHECK(engine->find("61").has_value());
  CHECK(engine->find("stays").has_value());
}

TEST_CASE("StorageEngine: erases only what has not expired", "[storage][expiry]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  AnyEngine engine(kind);
  REQUIRE(engine->put("key", "value", 1, 1'000));
  CHECK_FALSE(engine->erase("key", 1'000).value());
  CHECK(engine->count() == 1);
  CHECK(engine->erase("key", 999).value());
  CHECK(engine->count() == 0);
  CHECK(engine->count_expiring() == 0);
}

TEST_CASE("StorageEngine: nothing expires of what was cleared or moved out", "[storage][expiry]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  AnyEngine engine(kind);
  const std::size_t empty_bytes = engine->bytes();
  REQUIRE(engine->put("key", std::string(100'000, 'v'), 1, 10));
  if (const std::unique_ptr<StorageEngine> moved = engine->move_out()) {
    CHECK(engine->remove_expired(10, 1).value() == 0);
    CHECK(moved->remove_expired(10, 1).value() == 1);
    REQUIRE(engine->put("key", std::string(100'000, 'v'), 1, 10));
  }
  REQUIRE(engine->clear());
  CHECK(engine->count_expiring() == 0);
  CHECK(engine->earliest_expiry() == never);
  CHECK(engine->remove_expired(10, 1).value() == 0);
  CHECK(engine->bytes() == empty_bytes);
}

struct Expected {
  std::string value;
  Version version;
  Timestamp expires_at;
};

/// A long random history of entries that expire, side by side with a std::map.
class ExpiryComparison {
 public:
  ExpiryComparison(StorageEngine& engine, std::uint32_t seed) : engine_(engine), random_(seed) {}

  void run(unsigned steps) {
    for (version_ = 1; version_ <= steps; ++version_) {
      step();
      if (version_ % (steps / 20) == 0) compare_all();
    }
    now_ = INT64_MAX;
    while (engine_.remove_expired(now_, 7).value() > 0) {
    }
    std::erase_if(model_, [](const auto& entry) { return entry.second.expires_at != never; });
    compare_all();
  }

 private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

  std::string random_key() { return "key-" + std::to_string(pick(400)); }

  std::string random_value() {
    const std::size_t length = pick(200) == 0 ? 20'000 : pick(100);
    return std::string(length, static_cast<char>(random_()));
  }

  Timestamp random_time() { return pick(3) == 0 ? never : now_ + 1 + pick(2'000); }

  void step() {
    const std::string key = random_key();
    const auto expected = model_.find(key);
    switch (pick(6)) {
      case 0: {
        const Expected written{random_value(), version_, random_time()};
        REQUIRE(engine_.put(key, written.value, version_, written.expires_at));
        model_[key] = written;
        break;
      }
      case 1: {
        const Timestamp at = random_time();
        if (engine_.set_expiry(key, version_, at).has_value() != (expected != model_.end()))
          FAIL("expiry of " << key);
        if (expected != model_.end()) expected->second = {expected->second.value, version_, at};
        break;
      }
      case 2: {
        const std::string tail = random_value();
        REQUIRE(engine_.append(key, tail, version_));
        Expected& written = model_[key];
        written = {written.value + tail, version_, written.expires_at};
        break;
      }
      case 3:
        if (engine_.erase(key).value() != (model_.erase(key) == 1)) FAIL("erase of " << key);
        break;
      case 4:
        now_ += pick(20);
        break;
      default:
        remove_expired(1 + pick(4));
    }
  }

  void remove_expired(std::size_t most) {
    std::vector<std::pair<Timestamp, std::string>> expired;
    for (const auto& [key, entry] : model_)
      if (has_expired(entry.expires_at, now_)) expired.emplace_back(entry.expires_at, key);
    std::sort(expired.begin(), expired.end());
    if (engine_.count_expired(now_) != expired.size()) FAIL("count of expired");
    const std::size_t removed = engine_.remove_expired(now_, most).value();
    if (removed != std::min(most, expired.size())) FAIL("number of removed");
    // Of those that expire together any may go first.
    for (const auto& [at, key] : expired)
      if (!engine_.find(key).has_value()) model_.erase(key);
    const auto left = std::ranges::count_if(
        expired, [this](const auto& each) { return model_.contains(each.second); });
    if (static_cast<std::size_t>(left) != expired.size() - removed) FAIL("removed others");
  }

  void compare_all() {
    CHECK(engine_.count() == model_.size());
    CHECK(engine_.count_expiring() ==
          static_cast<std::size_t>(std::ranges::count_if(
              model_, [](const auto& entry) { return entry.second.expires_at != never; })));
    const result<ScanPage> all = engine_.scan(0, model_.size() + 1);
    REQUIRE(all.has_value());
    CHECK(all->entries.size() == model_.size());
    for (const EntryView& entry : all->entries) {
      const auto expected = model_.find(std::string(entry.key));
      if (expected == model_.end()) FAIL("scan returned " << entry.key);
      if (entry.value != expected->second.value) FAIL("value of " << entry.key);
      if (entry.version != expected->second.version) FAIL("version of " << entry.key);
      if (entry.expires_at != expected->second.expires_at) FAIL("expiry of " << entry.key);
    }
  }

  StorageEngine& engine_;
  std::mt19937 random_;
  Version version_ = 0;
  Timestamp now_ = 1'000;
  std::map<std::string, Expected> model_;
};

TEST_CASE("StorageEngine: expires like a map over a long random history", "[storage][expiry]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  AnyEngine engine(kind);
  ExpiryComparison(*engine, seed).run(kind == EngineKind::memory ? 60'000 : 8'000);
}

}  // namespace
}  // namespace pkv
