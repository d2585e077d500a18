#include "pkv/memory_engine.hpp"

#include "pkv/limits.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace pkv {
namespace {

std::string value_of(StorageEngine& engine, std::string_view key) {
  const result<ValueView> found = engine.find(key);
  REQUIRE(found.has_value());
  return std::string(found->value);
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

}  // namespace
}  // namespace pkv
