#include "pkv/memory_engine.hpp"

#include "base/hash.hpp"
#include "storage/any_engine.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Values that come in memory of their own, and values that somebody holds on to.

namespace pkv {
namespace {

using test::AnyEngine;
using test::EngineKind;

constexpr std::size_t before_key = 40;
constexpr std::size_t behind = 16;

/// An entry as it is received: with `before` bytes of something before its key, and `spare` behind.
ReceivedEntry received(std::string_view key, std::string_view value,
                       std::size_t before = before_key, std::size_t spare = behind) {
  ReceivedEntry entry;
  entry.memory_bytes = before + key.size() + value.size() + spare;
  entry.memory.reset(static_cast<char*>(std::malloc(entry.memory_bytes)));
  char* const at = entry.memory.get() + before;
  std::memset(entry.memory.get(), '!', entry.memory_bytes);
  std::memcpy(at, key.data(), key.size());
  std::memcpy(at + key.size(), value.data(), value.size());
  entry.key = {at, key.size()};
  entry.value = {at + key.size(), value.size()};
  entry.checksum = hash_bytes(value);
  return entry;
}

std::string value_of(StorageEngine& engine, std::string_view key) {
  const result<ValueView> found = engine.find(key);
  REQUIRE(found.has_value());
  return std::string(found->value);
}

TEST_CASE("StorageEngine: an entry in memory of its own is stored as any other", "[storage]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  const std::size_t bytes =
      GENERATE(std::size_t{0}, std::size_t{100}, std::size_t{16'300}, std::size_t{300'000});
  const Timestamp expires_at = GENERATE(Timestamp{never}, Timestamp{5'000});
  CAPTURE(static_cast<int>(kind), bytes, expires_at);
  AnyEngine engine(kind);
  REQUIRE(engine->put("k", std::string(bytes, 'o'), 1));
  for (const std::string_view key : {"k", "new", ""}) {
    CAPTURE(key);
    const std::string value(bytes, 'v');
    ReceivedEntry entry = received(key, value);
    REQUIRE(engine->adopt(entry, 7, expires_at));
    const result<ValueView> found = engine->find(key);
    REQUIRE(found.has_value());
    CHECK(found->value == value);
    CHECK(found->version == 7);
    CHECK(found->expires_at == expires_at);
  }
  CHECK(engine->count() == 3);
  const std::size_t expiring = expires_at == never ? 0 : 3;
  CHECK(engine->count_expiring() == expiring);
  CHECK(engine->remove_expired(5'000, 10).value() == expiring);
}

TEST_CASE("MemoryEngine: keeps the memory of a large entry, and counts it", "[storage]") {
  MemoryEngine engine;
  const std::size_t empty = engine.bytes();
  const std::string value(1'000'000, 'v');
  for (const char* const key : {"k", "k"}) {  // the first comes, the second replaces it
    ReceivedEntry entry = received(key, value);
    const char* const place = entry.value.data();
    REQUIRE(engine.adopt(entry, 1));
    CHECK(entry.memory == nullptr);
    CHECK(engine.find("k")->value.data() == place);
    CHECK(engine.bytes() >= empty + value.size() + before_key + behind);
    CHECK(engine.bytes() < empty + value.size() + 1'000);
  }
  REQUIRE(engine.erase("k"));
  CHECK(engine.bytes() <= empty + 1'000);
}

TEST_CASE("MemoryEngine: memory that does not suit a record is not kept", "[storage]") {
  MemoryEngine engine;
  const std::string value(100'000, 'v');
  const auto kept = [&](ReceivedEntry entry, Timestamp expires_at = never) {
    REQUIRE(engine.adopt(entry, 1, expires_at));
    CHECK(value_of(engine, "k") == std::string(value));
    return entry.memory == nullptr;
  };
  CHECK(kept(received("k", value, before_key, 0)));
  CHECK(kept(received("k", value, before_key + 8, 0)));
  CHECK(kept(received("k", value, before_key + 64, 0)));
  CHECK_FALSE(kept(received("k", value, before_key - 8)));   // too little before it
  CHECK_FALSE(kept(received("k", value, before_key + 4)));   // not aligned
  CHECK_FALSE(kept(received("k", value, before_key + 72)));  // too much before it
  CHECK(kept(received("k", value, before_key, 12'000)));
  CHECK_FALSE(kept(received("k", value, before_key, 13'000)));  // more than an eighth wasted
  CHECK(kept(received("k", value, before_key, 12), 9'000));
  CHECK_FALSE(kept(received("k", value, before_key, 11), 9'000));  // no room for the time
}

TEST_CASE("MemoryEngine: a received entry beyond the limit changes nothing", "[storage]") {
  MemoryEngine engine({.max_record_bytes = 250'000});
  ReceivedEntry first = received("k", std::string(200'000, '1'));
  REQUIRE(engine.adopt(first, 1));
  ReceivedEntry other = received("other", std::string(200'000, '2'));
  CHECK(engine.adopt(other, 2).error() == errc::out_of_memory);
  CHECK(other.value == std::string(200'000, '2'));
  CHECK(value_of(engine, "k") == std::string(200'000, '1'));
  // There is no room for both, but the old value's place suits the new one.
  ReceivedEntry again = received("k", std::string(200'000, '3'));
  REQUIRE(engine.adopt(again, 3));
  CHECK(value_of(engine, "k") == std::string(200'000, '3'));
}

TEST_CASE("MemoryEngine: a value that is shared stays as it is, whatever is written", "[storage]") {
  const std::string value(50'000, 'v');
  const bool is_received = GENERATE(true, false);
  CAPTURE(is_received);
  SharedValue shared;
  CHECK_FALSE(shared);
  {
    MemoryEngine engine;
    if (is_received) {
      ReceivedEntry entry = received("k", value, before_key, 4'000);
      REQUIRE(engine.adopt(entry, 1));
    } else {
      REQUIRE(engine.put("k", value, 1));
    }
    CHECK_FALSE(engine.share("other"));
    shared = engine.share("k");
    REQUIRE(shared);
    CHECK(shared.bytes().data() == engine.find("k")->value.data());
    SECTION("a value of the same length") {
      REQUIRE(engine.put("k", std::string(50'000, 'n'), 2));
    }
    SECTION("a received value") {
      ReceivedEntry entry = received("k", std::string(50'000, 'n'));
      REQUIRE(engine.adopt(entry, 2));
    }
    SECTION("more of it, where it is and elsewhere") {
      REQUIRE(engine.append("k", "tail", 2));
      REQUIRE(engine.append("k", std::string(60'000, 't'), 3));
      CHECK(value_of(engine, "k") == value + "tail" + std::string(60'000, 't'));
    }
    SECTION("a time of expiry") {
      REQUIRE(engine.set_expiry("k", 2, 9'000));
      REQUIRE(engine.set_expiry("k", 3, 9'001));
      CHECK(value_of(engine, "k") == value);
      CHECK(engine.remove_expired(9'001, 10).value() == 1);
    }
    SECTION("nothing any more") {
      REQUIRE(engine.erase("k"));
      CHECK(engine.count() == 0);
    }
    SECTION("an empty engine") {
      REQUIRE(engine.clear());
    }
    SECTION("all elsewhere") {
      CHECK(engine.move_out()->count() == 1);
    }
    CHECK(shared.bytes() == value);
  }
  const SharedValue copy = shared;
  shared = {};
  CHECK(copy.bytes() == value);
}

TEST_CASE("MemoryEngine: a checksum is known until the value is changed", "[storage]") {
  MemoryEngine engine;
  const std::string value(50'000, 'v');
  const auto adopt = [&] {
    ReceivedEntry entry = received("k", value, before_key, 3'000);
    REQUIRE(engine.adopt(entry, 1));
    REQUIRE(engine.share("k").checksum() == hash_bytes(value));
  };
  adopt();
  REQUIRE(engine.append("k", "t", 2));
  CHECK_FALSE(engine.share("k").checksum());
  adopt();
  REQUIRE(engine.put("k", std::string(50'000, 'n'), 2));
  CHECK_FALSE(engine.share("k").checksum());
  adopt();
  REQUIRE(engine.put("k", std::string(49'999, 'n'), 2, 9'000));
  CHECK_FALSE(engine.share("k").checksum());
  ReceivedEntry unknown = received("k", value);
  unknown.checksum.reset();
  REQUIRE(engine.adopt(unknown, 3));
  CHECK_FALSE(engine.share("k").checksum());
}

TEST_CASE("MemoryEngine: large values that are received, shared and changed are those of a map",
          "[storage]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto below = [&](std::size_t end) { return random() % end; };
  std::map<std::string, std::string> model;
  std::vector<std::pair<SharedValue, std::string>> held;
  {
    MemoryEngine engine;
    const std::size_t empty = engine.bytes();
    for (Version version = 1; version < 4'000; ++version) {
      const std::string key = "key" + std::to_string(below(12));
      const std::string value(14'000 + below(8'000), static_cast<char>('a' + below(26)));
      const Timestamp expires_at = below(4) == 0 ? Timestamp{1'000'000} : never;
      switch (below(7)) {
        case 0:
        case 1: {
          ReceivedEntry entry = received(key, value, before_key + 8 * below(10), below(4'000));
          REQUIRE(engine.adopt(entry, version, expires_at));
          model[key] = value;
          break;
        }
        case 2:
          REQUIRE(engine.put(key, value, version, expires_at));
          model[key] = value;
          break;
        case 3:
          REQUIRE(engine.append(key, value.substr(0, 500), version));
          model[key] += value.substr(0, 500);
          break;
        case 4:
          CHECK(engine.erase(key).value() == (model.erase(key) == 1));
          break;
        case 5:
          CHECK(engine.set_expiry(key, version, expires_at).has_value() == model.contains(key));
          break;
        default:
          if (SharedValue shared = engine.share(key)) held.emplace_back(shared, model.at(key));
      }
      if (held.size() > 20) held.erase(held.begin() + static_cast<std::ptrdiff_t>(below(21)));
      const auto expected = model.find(key);
      const result<ValueView> found = engine.find(key);
      REQUIRE(found.has_value() == (expected != model.end()));
      if (found) REQUIRE((found->value == expected->second));
      for (const auto& [shared, bytes] : held) {
        REQUIRE((shared.bytes() == bytes));
        REQUIRE((!shared.checksum() || *shared.checksum() == hash_bytes(bytes)));
      }
    }
    for (const auto& [key, value] : model)
      CHECK((value_of(engine, key) == value));
    for (const auto& [key, value] : model)
      REQUIRE(engine.erase(key));
    CHECK(engine.bytes() < empty + 10'000);
  }
  for (const auto& [shared, bytes] : held)
    CHECK((shared.bytes() == bytes));
}

}  // namespace
}  // namespace pkv
