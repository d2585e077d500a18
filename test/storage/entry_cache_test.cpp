#include "storage/entry_cache.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <map>
#include <random>
#include <string>

namespace pkv {
namespace {

constexpr std::size_t cache_bytes = std::size_t{1} << 20;
constexpr std::size_t buckets = 512;  // that the index may grow by

std::string value_of(EntryCache& cache, std::string_view key) {
  const auto found = cache.find(key);
  return found ? std::string(found->value) : "nothing";
}

TEST_CASE("EntryCache: gives back what it was given", "[storage][cache]") {
  EntryCache cache(cache_bytes);
  CHECK(value_of(cache, "k") == "nothing");
  cache.keep("k", {"1", 7, never});
  cache.keep("", {"", 8, 1'000});
  CHECK(cache.find("k")->version == 7);
  CHECK(cache.find("k")->expires_at == never);
  CHECK(value_of(cache, "k") == "1");
  CHECK(value_of(cache, "").empty());
  CHECK(cache.find("")->expires_at == 1'000);
  cache.keep("k", {"22", 9, 2'000});  // where it is
  CHECK(value_of(cache, "k") == "22");
  CHECK(cache.find("k")->expires_at == 2'000);
  cache.keep("k", {std::string(500, 'l'), 10, never});  // elsewhere
  CHECK(value_of(cache, "k") == std::string(500, 'l'));
  CHECK(cache.find("k")->expires_at == never);
  CHECK(cache.count() == 2);
  cache.forget("k");
  cache.forget("other");
  CHECK(value_of(cache, "k") == "nothing");
  CHECK(cache.count() == 1);
  cache.forget_all();
  CHECK(value_of(cache, "") == "nothing");
  CHECK(cache.count() == 0);
}

TEST_CASE("EntryCache: an entry that is too large takes its key's former one with it",
          "[storage][cache]") {
  EntryCache cache(cache_bytes);
  const std::size_t overhead = Record::bytes_for(1, 0);
  const std::string largest(EntryCache::largest_entry_bytes - overhead, 'v');
  cache.keep("k", {largest, 1, never});
  CHECK((value_of(cache, "k") == largest));
  cache.keep("k", {largest + "v", 2, never});
  CHECK(value_of(cache, "k") == "nothing");
  cache.keep("k", {largest, 3, 1'000});  // the time takes room, too
  CHECK(value_of(cache, "k") == "nothing");
}

TEST_CASE("EntryCache: without memory keeps nothing", "[storage][cache]") {
  EntryCache cache(GENERATE(std::size_t{0}, std::size_t{63}, std::size_t{1'000}));
  cache.keep("k", {"v", 1, never});
  CHECK(value_of(cache, "k") == "nothing");
}

TEST_CASE("EntryCache: what was looked for stays, what was not goes", "[storage][cache]") {
  EntryCache cache(cache_bytes);
  const std::string value(100, 'v');
  for (unsigned i = 0; i < 50'000; ++i) {
    cache.keep("once " + std::to_string(i), {value, i, never});
    cache.keep("often " + std::to_string(i % 1'000), {value, i, never});
    REQUIRE(value_of(cache, "often " + std::to_string(i % 1'000)) == value);
    REQUIRE(cache.bytes() <= cache_bytes + buckets);
  }
  unsigned often = 0;
  for (unsigned i = 0; i < 1'000; ++i)
    often += cache.find("often " + std::to_string(i)).has_value() ? 1U : 0U;
  CHECK(often > 950);
  CHECK(value_of(cache, "once 0") == "nothing");
  CHECK(cache.bytes() > cache_bytes / 10 * 9);
}

TEST_CASE("EntryCache: when all was looked for, what comes is kept all the same",
          "[storage][cache]") {
  EntryCache cache(cache_bytes);
  for (unsigned i = 0; i < 20'000; ++i) {
    const std::string key = std::to_string(i);
    cache.keep(key, {key, i, never});
    REQUIRE(value_of(cache, key) == key);
  }
  CHECK(cache.bytes() <= cache_bytes + buckets);
}

TEST_CASE("EntryCache: knows nothing but what was kept last, within its memory",
          "[storage][cache]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto pick = [&random](std::size_t below) { return random() % below; };
  const std::size_t most = GENERATE(std::size_t{20'000}, std::size_t{200'000}, cache_bytes);
  EntryCache cache(most);
  std::map<std::string, std::pair<std::string, Timestamp>> kept;
  for (Version version = 1; version <= 30'000; ++version) {
    const std::string key = std::to_string(pick(3'000));
    if (const auto choice = pick(100); choice < 50) {
      const std::size_t length = pick(20) == 0 ? pick(20'000) : pick(200);
      const std::string value(length, static_cast<char>(version));
      const Timestamp at = pick(4) == 0 ? static_cast<Timestamp>(version) : never;
      cache.keep(key, {value, version, at});
      kept[key] = {value, at};
    } else if (choice < 60) {
      cache.forget(key);
      kept.erase(key);
    } else if (pick(3'000) == 0) {
      cache.forget_all();
      kept.clear();
    } else if (const auto found = cache.find(key)) {
      const auto expected = kept.find(key);
      if (expected == kept.end()) FAIL("it still has " << key);
      if (found->value != expected->second.first) FAIL("value of " << key);
      if (found->expires_at != expected->second.second) FAIL("time of " << key);
    }
    if (cache.bytes() > most + buckets) FAIL("it takes " << cache.bytes());
  }
}

}  // namespace
}  // namespace pkv
