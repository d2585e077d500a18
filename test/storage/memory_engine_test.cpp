#include "pkv/memory_engine.hpp"

#include "pkv/limits.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pkv {
namespace {

std::string value_of(StorageEngine& engine, std::string_view key) {
  const result<ValueView> found = engine.find(key);
  REQUIRE(found.has_value());
  return std::string(found->value);
}

TEST_CASE("MemoryEngine: keys and values are any bytes, also none", "[storage]") {
  using namespace std::string_view_literals;
  MemoryEngine engine;
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

TEST_CASE("MemoryEngine: replaces a value by one of any other length", "[storage]") {
  const std::vector<std::size_t> lengths{0, 1, 64, 65, 1'000, 16'000, 17'000, 100'000, 5'000'000};
  for (const std::size_t before : lengths) {
    for (const std::size_t after : lengths) {
      CAPTURE(before, after);
      MemoryEngine engine;
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

TEST_CASE("MemoryEngine: keys of the greatest length that differ in one byte are two",
          "[storage]") {
  MemoryEngine engine;
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

TEST_CASE("MemoryEngine: append grows a value through every size", "[storage]") {
  MemoryEngine engine;
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

TEST_CASE("MemoryEngine: entries that are moved out are another engine's", "[storage]") {
  MemoryEngine engine({.max_record_bytes = 50'000});
  REQUIRE(engine.put("small", "value", 1));
  REQUIRE(engine.put("large", std::string(30'000, 'l'), 2));
  const std::unique_ptr<StorageEngine> moved = engine.move_out();
  REQUIRE(moved != nullptr);
  CHECK(engine.count() == 0);
  CHECK(engine.find("small").error() == errc::key_not_found);
  CHECK(moved->count() == 2);
  CHECK(value_of(*moved, "small") == "value");
  CHECK(moved->find("large")->version == 2);
  // Each has its own limit.
  REQUIRE(engine.put("large", std::string(30'000, 'n'), 3));
  CHECK(engine.put("new", std::string(30'000, 'n'), 4).error() == errc::out_of_memory);
  CHECK(moved->put("new", std::string(30'000, 'n'), 4).error() == errc::out_of_memory);
  CHECK(value_of(*moved, "large") == std::string(30'000, 'l'));
  CHECK(value_of(engine, "large") == std::string(30'000, 'n'));
  CHECK(engine.move_out()->count() == 1);
  CHECK(engine.move_out()->count() == 0);
}

TEST_CASE("MemoryEngine: a write without memory fails and changes nothing", "[storage]") {
  MemoryEngine engine({.max_record_bytes = 50'000});
  REQUIRE(engine.put("small", "value", 1));
  REQUIRE(engine.put("large", std::string(30'000, 'l'), 2));

  CHECK(engine.put("new", std::string(30'000, 'n'), 3).error() == errc::out_of_memory);
  CHECK(engine.put("small", std::string(30'000, 'n'), 3).error() == errc::out_of_memory);
  CHECK(engine.append("new", std::string(30'000, 'n'), 3).error() == errc::out_of_memory);
  CHECK(engine.append("small", std::string(30'000, 'n'), 3).error() == errc::out_of_memory);
  CHECK(engine.append("large", std::string(30'000, 'n'), 3).error() == errc::out_of_memory);

  CHECK(engine.count() == 2);
  CHECK(value_of(engine, "small") == "value");
  CHECK(engine.find("small")->version == 1);
  CHECK(value_of(engine, "large") == std::string(30'000, 'l'));
  CHECK(engine.find("large")->version == 2);

  REQUIRE(engine.erase("large"));
  CHECK(engine.put("new", std::string(30'000, 'n'), 3));
}

TEST_CASE("MemoryEngine: is usable after clear, and clear frees large values too", "[storage]") {
  MemoryEngine engine;
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

TEST_CASE("MemoryEngine: prefetching keys, present or not, changes nothing", "[storage]") {
  MemoryEngine engine;
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
