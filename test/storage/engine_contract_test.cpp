#include "pkv/limits.hpp"

#include "storage/any_engine.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// What every engine must do.

namespace pkv {
namespace {

using test::AnyEngine;
using test::EngineKind;

std::string value_of(StorageEngine& engine, std::string_view key) {
  const result<ValueView> found = engine.find(key);
  REQUIRE(found.has_value());
  return std::string(found->value);
}

TEST_CASE("StorageEngine: keys and values are any bytes, also none", "[storage]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  using namespace std::string_view_literals;
  AnyEngine owned(kind);
  StorageEngine& engine = *owned;
  const std::vector<std::string_view> keys{""sv,  "\0"sv,  "\0\0"sv, "\xFF"sv,
                                           "a"sv, "a\0"sv, "a\r\n"sv};
  for (const std::string_view key : keys)
    REQUIRE(engine.put(key, key, key.size()));
  CHECK(engine.count() == keys.size());
  for (const std::string_view key : keys) {
    const result<ValueView> found = engine.find(key);
    REQUIRE(found.has_value());
    CHECK(found->value == key);
    CHECK(found->version == key.size());
  }
  for (const std::string_view key : keys)
    CHECK(engine.erase(key).value());
  CHECK(engine.count() == 0);
  CHECK(engine.find("").error() == errc::key_not_found);
  CHECK_FALSE(engine.erase("").value());
}

TEST_CASE("StorageEngine: replaces a value by one of any other length", "[storage]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  const std::vector<std::size_t> lengths{0, 1, 64, 65, 1'000, 16'000, 17'000, 100'000, 5'000'000};
  for (const std::size_t before : lengths) {
    for (const std::size_t after : lengths) {
      CAPTURE(before, after);
      AnyEngine owned(kind);
      StorageEngine& engine = *owned;
      REQUIRE(engine.put("key", std::string(before, 'b'), 1));
      REQUIRE(engine.put("key", std::string(after, 'a'), 2));
      const result<ValueView> found = engine.find("key");
      REQUIRE(found.has_value());
      CHECK(found->value == std::string(after, 'a'));
      CHECK(found->version == 2);
      CHECK(engine.count() == 1);
    }
  }
}

TEST_CASE("StorageEngine: keys of the greatest length that differ in one byte are two",
          "[storage]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  AnyEngine owned(kind);
  StorageEngine& engine = *owned;
  std::string key(largest_max_key_bytes, 'k');
  REQUIRE(engine.put(key, "one", 1));
  for (const std::size_t at : {std::size_t{0}, key.size() / 2, key.size() - 1}) {
    std::string other = key;
    other[at] = 'x';
    CHECK(engine.find(other).error() == errc::key_not_found);
  }
  key.pop_back();
  CHECK(engine.find(key).error() == errc::key_not_found);
}

TEST_CASE("StorageEngine: append grows a value through every size", "[storage]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  AnyEngine owned(kind);
  StorageEngine& engine = *owned;
  std::string expected;
  for (std::size_t step = 0; expected.size() < 300'000; ++step) {
    const std::string tail(step, static_cast<char>('a' + step % 26));
    expected += tail;
    const result<std::size_t> length = engine.append("key", tail, step);
    REQUIRE(length);
    CHECK(*length == expected.size());
    if (value_of(engine, "key") != expected) FAIL("after " << expected.size() << " bytes");
    CHECK(engine.find("key")->version == step);
  }
  CHECK(engine.count() == 1);
}

TEST_CASE("StorageEngine: is usable after clear, and clear frees large values too", "[storage]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  AnyEngine owned(kind);
  StorageEngine& engine = *owned;
  const std::size_t empty_bytes = engine.bytes();
  for (unsigned round = 0; round < 3; ++round) {
    for (unsigned i = 0; i < 10'000; ++i) {
      REQUIRE(engine.put(std::to_string(i), std::string(i % 1'000 == 0 ? 50'000 : 10, 'v'), i));
    }
    CHECK(engine.count() == 10'000);
    REQUIRE(engine.clear());
    CHECK(engine.count() == 0);
    CHECK(engine.bytes() == empty_bytes);
    CHECK(engine.find("1").error() == errc::key_not_found);
    CHECK(engine.scan(0, 1'000'000)->entries.empty());
  }
}

TEST_CASE("StorageEngine: prefetching keys, present or not, changes nothing", "[storage]") {
  const auto kind = GENERATE(EngineKind::memory, EngineKind::sqlite);
  CAPTURE(static_cast<int>(kind));
  AnyEngine owned(kind);
  StorageEngine& engine = *owned;
  engine.prefetch({});
  for (unsigned i = 0; i < 1'000; ++i)
    REQUIRE(engine.put(std::to_string(i), "v", i));
  const std::vector<std::string_view> keys{"1", "2", "absent", "", "999"};
  engine.prefetch(keys);
  engine.prefetch(std::span(keys).first(1));
  CHECK(engine.count() == 1'000);
}

}  // namespace
}  // namespace pkv
