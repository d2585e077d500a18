#include "pkv/kv_store.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pkv {
namespace {

constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
constexpr auto largest = std::numeric_limits<std::int64_t>::max();

TEST_CASE("KVStore: an entry whose time has come is as absent as an erased one",
          "[storage][kv_store][expiry]") {
  KVStore store;
  REQUIRE(store.put("k", "1", KVStore::next_version, 1'000));
  CHECK(store.read("k").value() == "1");  // no time has been set
  store.set_time(999);
  CHECK(store.read("k").value() == "1");
  CHECK(store.expiring() == 1);
  store.set_time(1'000);
  CHECK(store.read("k").error() == errc::key_not_found);
  CHECK(store.find_even_expired("k")->value == "1");
  CHECK(store.size() == 0);
  CHECK(store.size_even_expired() == 1);
  CHECK(store.expiring() == 0);
  CHECK(store.scan(0, 10)->entries.empty());
  CHECK(store.erase("k").error() == errc::key_not_found);
  CHECK(store.take("k").error() == errc::key_not_found);
  CHECK(store.update("k", "2").error() == errc::key_not_found);
  CHECK(store.expire("k", 2'000).error() == errc::key_not_found);
  CHECK(store.increment("k", 5).value() == 5);
  CHECK(store.find("k")->expires_at == never);
  REQUIRE(store.expire("k", 2'000));
  CHECK(store.increment("k", 5).value() == 10);
  CHECK(store.append("k", "0").value() == 3);
  CHECK(store.find("k")->expires_at == 2'000);
  store.set_time(2'000);
  CHECK(store.append("k", "new").value() == 3);
  CHECK(store.read("k").value() == "new");
  CHECK(store.find("k")->expires_at == never);
}

TEST_CASE("KVStore: a time of expiry that has come removes the entry",
          "[storage][kv_store][expiry]") {
  KVStore store;
  store.set_time(1'000);
  REQUIRE(store.put("k", "1"));
  REQUIRE(store.expire("k", 1'000));
  CHECK(store.size_even_expired() == 0);
  REQUIRE(store.put("k", "1", KVStore::next_version, 1'001));
  REQUIRE(store.expire("k", never));
  store.set_time(5'000);
  CHECK(store.read("k").value() == "1");
  CHECK(store.expire(std::string(Limits().max_key_bytes + 1, 'k'), 1).error() ==
        errc::key_too_long);
}

TEST_CASE("KVStore: what is moved out keeps its times", "[storage][kv_store][expiry]") {
  KVStore store;
  store.set_time(1'000);
  REQUIRE(store.put("k", "1", KVStore::next_version, 2'000));
  std::optional<KVStore> moved = store.move_out();
  REQUIRE(moved);
  CHECK(moved->time() == 1'000);
  CHECK(moved->exists("k").value());
  moved->set_time(2'000);
  CHECK_FALSE(moved->exists("k").value());
}

TEST_CASE("KVStore: create, read, update and erase an entry", "[storage][kv_store]") {
  KVStore store;
  CHECK(store.read("color").error() == errc::key_not_found);
  CHECK(store.update("color", "blue").error() == errc::key_not_found);
  CHECK(store.erase("color").error() == errc::key_not_found);
  CHECK(store.empty());

  CHECK(store.create("color", "red"));
  CHECK(store.create("color", "green").error() == errc::key_exists);
  CHECK(store.read("color").value() == "red");
  CHECK(store.update("color", "blue"));
  CHECK(store.read("color").value() == "blue");
  CHECK(store.size() == 1);

  CHECK(store.erase("color"));
  CHECK_FALSE(store.exists("color").value());
  CHECK(store.create("color", ""));
  CHECK(store.read("color").value().empty());
  CHECK(store.clear());
  CHECK(store.empty());
}

TEST_CASE("KVStore: put_if writes when its condition holds", "[storage][kv_store]") {
  KVStore store;
  CHECK_FALSE(store.put_if(Condition::if_present, "k", "1").value());
  CHECK_FALSE(store.exists("k").value());
  CHECK(store.put_if(Condition::if_absent, "k", "2").value());
  CHECK_FALSE(store.put_if(Condition::if_absent, "k", "3").value());
  CHECK(store.read("k").value() == "2");
  CHECK(store.put_if(Condition::if_present, "k", "4").value());
  CHECK(store.put_if(Condition::always, "k", "5").value());
  CHECK(store.put_if(Condition::always, "new", "6").value());
  CHECK(store.read("k").value() == "5");
}

TEST_CASE("KVStore: exchange returns what was there, written or not", "[storage][kv_store]") {
  KVStore store;
  CHECK(store.exchange("k", "0", Condition::if_present).value() == std::nullopt);
  CHECK_FALSE(store.exists("k").value());
  CHECK(store.exchange("k", "1").value() == std::nullopt);
  CHECK(store.exchange("k", "2").value() == "1");
  CHECK(store.exchange("k", "3", Condition::if_absent).value() == "2");
  CHECK(store.read("k").value() == "2");
  CHECK(store.take("k").value() == "2");
  CHECK(store.take("k").error() == errc::key_not_found);
}

TEST_CASE("KVStore: append and length", "[storage][kv_store]") {
  KVStore store;
  CHECK(store.length("k").error() == errc::key_not_found);
  CHECK(store.append("k", "").value() == 0);
  CHECK(store.exists("k").value());
  CHECK(store.append("k", "ab").value() == 2);
  CHECK(store.append("k", std::string_view("\0c", 2)).value() == 4);
  CHECK(store.length("k").value() == 4);
  CHECK(store.read("k").value() == std::string("ab\0c", 4));
}

TEST_CASE("KVStore: increment counts from zero to the ends of 64 bits", "[storage][kv_store]") {
  KVStore store;
  CHECK(store.increment("n", 5).value() == 5);
  CHECK(store.increment("n", -15).value() == -10);
  CHECK(store.read("n").value() == "-10");

  REQUIRE(store.put("n", std::to_string(largest - 1)));
  CHECK(store.increment("n", 1).value() == largest);
  CHECK(store.increment("n", 1).error() == errc::integer_overflow);
  CHECK(store.read("n").value() == std::to_string(largest));
  CHECK(store.increment("n", smallest).value() == -1);
  CHECK(store.increment("n", smallest).error() == errc::integer_overflow);
  CHECK(store.increment("n", smallest + 1).value() == smallest);
  CHECK(store.increment("n", -1).error() == errc::integer_overflow);
  CHECK(store.read("n").value() == std::to_string(smallest));
}

TEST_CASE("KVStore: increment refuses what is not a number and leaves it", "[storage][kv_store]") {
  KVStore store;
  for (const std::string_view text : {"", "-0", "01", "+5", " 5", "5 ", "9223372036854775808"}) {
    CAPTURE(text);
    REQUIRE(store.put("n", text));
    CHECK(store.increment("n", 1).error() == errc::not_an_integer);
    CHECK(store.read("n").value() == text);
  }
}

TEST_CASE("KVStore: a key at its limit is taken, one byte more is not", "[storage][kv_store]") {
  KVStore store(Limits{.max_key_bytes = 10});
  const std::string longest(10, 'k');
  const std::string too_long(11, 'k');
  CHECK(store.create(longest, "v"));
  CHECK(store.read(longest).value() == "v");

  CHECK(store.create(too_long, "v").error() == errc::key_too_long);
  CHECK(store.read(too_long).error() == errc::key_too_long);
  CHECK(store.update(too_long, "v").error() == errc::key_too_long);
  CHECK(store.erase(too_long).error() == errc::key_too_long);
  CHECK(store.put(too_long, "v").error() == errc::key_too_long);
  CHECK(store.put_if(Condition::always, too_long, "v").error() == errc::key_too_long);
  CHECK(store.exchange(too_long, "v").error() == errc::key_too_long);
  CHECK(store.take(too_long).error() == errc::key_too_long);
  CHECK(store.append(too_long, "v").error() == errc::key_too_long);
  CHECK(store.increment(too_long, 1).error() == errc::key_too_long);
  CHECK(store.find(too_long).error() == errc::key_too_long);
  CHECK(store.exists(too_long).error() == errc::key_too_long);
  CHECK(store.length(too_long).error() == errc::key_too_long);
  CHECK(store.size() == 1);
}

TEST_CASE("KVStore: a value at its limit is taken, one byte more is not", "[storage][kv_store]") {
  KVStore store(Limits{.max_value_bytes = 10});
  const std::string longest(10, 'v');
  const std::string too_long(11, 'v');
  CHECK(store.create("k", longest));
  CHECK(store.create("new", too_long).error() == errc::value_too_long);
  CHECK(store.update("k", too_long).error() == errc::value_too_long);
  CHECK(store.put("k", too_long).error() == errc::value_too_long);
  CHECK(store.exchange("k", too_long).error() == errc::value_too_long);
  // Also when it would not have been written.
  CHECK(store.put_if(Condition::if_absent, "k", too_long).error() == errc::value_too_long);
  CHECK(store.put_if(Condition::if_present, "new", too_long).error() == errc::value_too_long);

  CHECK(store.append("k", "x").error() == errc::value_too_long);
  CHECK(store.append("k", "").value() == 10);
  CHECK(store.append("new", too_long).error() == errc::value_too_long);
  CHECK(store.read("k").value() == longest);
  CHECK(store.size() == 1);

  REQUIRE(store.put("n", "9999999999"));
  CHECK(store.increment("n", 1).error() == errc::value_too_long);
  CHECK(store.read("n").value() == "9999999999");
}

TEST_CASE("KVStore: limits beyond the format are refused", "[storage][kv_store]") {
  CHECK_NOTHROW(KVStore(
      Limits{.max_key_bytes = largest_max_key_bytes, .max_value_bytes = largest_max_value_bytes}));
  CHECK_THROWS_AS(KVStore(Limits{.max_key_bytes = largest_max_key_bytes + 1}),
                  std::invalid_argument);
  CHECK_THROWS_AS(KVStore(Limits{.max_value_bytes = largest_max_value_bytes + 1}),
                  std::invalid_argument);
}

TEST_CASE("KVStore: a write without a version gets the next one", "[storage][kv_store]") {
  KVStore store;
  const auto version_of = [&store](std::string_view key) { return store.find(key)->version; };
  CHECK(store.create("a", "1"));
  CHECK(version_of("a") == 1);
  CHECK(store.append("a", "2"));
  CHECK(version_of("a") == 2);
  CHECK(store.put("b", "3", 100));
  CHECK(version_of("b") == 100);
  CHECK(store.increment("n", 1));
  CHECK(version_of("n") == 101);
  CHECK(store.update("a", "4", 50));  // older than the newest, as when entries are copied in
  CHECK(version_of("a") == 50);
  CHECK(store.put("b", "5"));
  CHECK(version_of("b") == 102);
  CHECK(version_of("a") == 50);
}

TEST_CASE("KVStore: scan returns every entry once", "[storage][kv_store]") {
  KVStore store;
  std::set<std::string> expected;
  for (unsigned i = 0; i < 1'000; ++i) {
    REQUIRE(store.create(std::to_string(i), "v"));
    expected.insert(std::to_string(i));
  }
  std::set<std::string> found;
  ScanCursor cursor = 0;
  do {
    const result<ScanPage> page = store.scan(cursor, 10);
    REQUIRE(page.has_value());
    for (const EntryView& entry : page->entries)
      CHECK(found.emplace(entry.key).second);
    cursor = page->next;
  } while (cursor != 0);
  CHECK(found == expected);
}

TEST_CASE("KVStore: batches and flush succeed in memory", "[storage][kv_store]") {
  KVStore store;
  CHECK(store.begin_batch());
  CHECK(store.put("k", "v"));
  store.prefetch("k");
  CHECK(store.end_batch());
  CHECK(store.flush());
  CHECK(store.read("k").value() == "v");
}

}  // namespace
}  // namespace pkv
