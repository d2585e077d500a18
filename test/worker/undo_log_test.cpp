#include "worker/undo_log.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace pkv;
using Kind = Past::Kind;

namespace {

bool is_value(const Past& past, std::string_view value) {
  return past.kind == Kind::value && past.value == value;
}

std::shared_ptr<KVStore> store_of(const std::map<std::string, std::string>& entries) {
  auto store = std::make_shared<KVStore>();
  for (const auto& [key, value] : entries)
    CHECK(store->put(key, value));
  return store;
}

}  // namespace

TEST_CASE("UndoLog: a key without entries is unchanged", "[worker][undo]") {
  UndoLog log;
  CHECK(log.find("k", 0).kind == Kind::unchanged);
  log.record(5, "other", "v");
  CHECK(log.find("k", 0).kind == Kind::unchanged);
}

TEST_CASE("UndoLog: the oldest entry beyond the sequence tells", "[worker][undo]") {
  UndoLog log;
  log.record(10, "k", std::nullopt);
  log.record(20, "k", "first");
  log.record(30, "k", "");
  CHECK(log.find("k", 0).kind == Kind::absent);
  CHECK(log.find("k", 9).kind == Kind::absent);
  CHECK(is_value(log.find("k", 10), "first"));
  CHECK(is_value(log.find("k", 19), "first"));
  CHECK(is_value(log.find("k", 20), ""));
  CHECK(is_value(log.find("k", 29), ""));
  CHECK(log.find("k", 30).kind == Kind::unchanged);
  CHECK(log.find("k", UINT64_MAX).kind == Kind::unchanged);
}

TEST_CASE("UndoLog: what is stable is dropped, what is not stays", "[worker][undo]") {
  UndoLog log;
  log.record(10, "k", "a");
  const std::size_t bytes_of_one = log.bytes();
  log.record(20, "k", "b");
  log.record(30, "k", "c");
  log.forget(9);
  CHECK(log.bytes() == 3 * bytes_of_one);
  CHECK(is_value(log.find("k", 9), "a"));
  log.forget(20);
  CHECK(log.bytes() == bytes_of_one);
  CHECK(log.find("k", 19).kind == Kind::forgotten);
  CHECK(is_value(log.find("k", 20), "c"));
  log.forget(15);  // never goes back
  CHECK(log.find("k", 19).kind == Kind::forgotten);
  log.forget(1'000);
  CHECK(log.bytes() == 0);
  CHECK(log.find("k", 999).kind == Kind::forgotten);
  CHECK(log.find("k", 1'000).kind == Kind::unchanged);
  log.record(1'001, "k", "d");
  CHECK(is_value(log.find("k", 1'000), "d"));
}

TEST_CASE("UndoLog: writes on different keys may come out of order", "[worker][undo]") {
  UndoLog log;
  log.record(30, "a", "a30");
  log.record(10, "b", "b10");
  log.record(11, "b", "b11");
  log.forget(10);
  CHECK(is_value(log.find("a", 29), "a30"));
  CHECK(is_value(log.find("b", 10), "b11"));
  log.forget(30);
  CHECK(log.bytes() == 0);
}

TEST_CASE("UndoLog: what a clear removes is known until it is stable", "[worker][undo]") {
  UndoLog log;
  log.record(10, "k", "before");
  log.record_clear(20, store_of({{"k", "then"}, {"other", "o"}}));
  log.record(30, "k", std::nullopt);
  log.record_clear(40, store_of({{"k", "later"}}));
  log.record(50, "other", std::nullopt);
  CHECK(is_value(log.find("k", 9), "before"));
  CHECK(is_value(log.find("k", 10), "then"));
  CHECK(is_value(log.find("k", 19), "then"));
  CHECK(is_value(log.find("other", 9), "o"));
  CHECK(is_value(log.find("other", 19), "o"));
  CHECK(log.find("missing", 19).kind == Kind::absent);
  CHECK(log.find("k", 20).kind == Kind::absent);
  CHECK(log.find("other", 20).kind == Kind::absent);
  CHECK(is_value(log.find("k", 30), "later"));
  CHECK(log.find("other", 39).kind == Kind::absent);
  CHECK(log.find("k", 40).kind == Kind::unchanged);
  CHECK(log.find("other", 49).kind == Kind::absent);
  CHECK(log.find("other", 50).kind == Kind::unchanged);

  log.forget(19);
  CHECK(is_value(log.find("k", 19), "then"));
  const std::size_t both = log.cleared_bytes();
  log.forget(20);
  CHECK(log.cleared_bytes() < both);
  CHECK(log.find("k", 19).kind == Kind::forgotten);
  CHECK(is_value(log.find("k", 30), "later"));
  log.forget(40);
  CHECK(log.cleared_bytes() == 0);
}

TEST_CASE("UndoLog: of many cleared stores it keeps the newest, and what has room beside it",
          "[worker][undo]") {
  const std::string value(std::size_t{1} << 20, 'v');
  const std::size_t bytes_of_one = store_of({{"k", value}})->bytes();
  UndoLog log(2 * bytes_of_one);
  log.record_clear(10, store_of({{"k", value}}));
  log.record_clear(20, store_of({{"k", value}}));
  CHECK(is_value(log.find("k", 9), value));
  log.record_clear(30, store_of({{"k", value}}));
  CHECK(log.cleared_bytes() == 2 * bytes_of_one);
  CHECK(log.find("k", 9).kind == Kind::forgotten);
  CHECK(is_value(log.find("k", 10), value));
  // One larger than all that is allowed: its memory was in use before.
  log.record_clear(40, store_of({{"a", value}, {"b", value}, {"c", value}}));
  CHECK(log.find("k", 29).kind == Kind::forgotten);
  CHECK(is_value(log.find("c", 39), value));
}

TEST_CASE("UndoLog: beyond its limit the oldest entries go, and it says so", "[worker][undo]") {
  UndoLog probe;
  probe.record(1, "k", "v");
  UndoLog log(3 * probe.bytes());
  for (Version version = 10; version <= 60; version += 10)
    log.record(version, "k", std::string(1, static_cast<char>('0' + version / 10)));
  CHECK(log.bytes() == 3 * probe.bytes());
  CHECK(log.find("k", 29).kind == Kind::forgotten);
  CHECK(log.find("other", 29).kind == Kind::forgotten);
  CHECK(is_value(log.find("k", 30), "4"));
  CHECK(is_value(log.find("k", 59), "6"));

  // One that can never fit takes all with it.
  log.record(70, "k", std::string(4 * probe.bytes(), 'v'));
  CHECK(log.bytes() == 0);
  CHECK(log.find("k", 69).kind == Kind::forgotten);
  CHECK(log.find("k", 70).kind == Kind::unchanged);
  log.record(80, "k", "8");
  CHECK(is_value(log.find("k", 70), "8"));
}

TEST_CASE("UndoLog: an entry of just the limit is kept", "[worker][undo]") {
  const std::string value(1'000, 'v');
  UndoLog probe;
  probe.record(1, "k", value);
  UndoLog log(probe.bytes());
  log.record(2, "k", value);
  CHECK(is_value(log.find("k", 1), value));
  UndoLog smaller(probe.bytes() - 1);
  smaller.record(2, "k", value);
  CHECK(smaller.find("k", 1).kind == Kind::forgotten);
}

TEST_CASE("UndoLog: an unknown value makes all before it unknown", "[worker][undo]") {
  UndoLog log;
  log.record(10, "k", "a");
  log.record_unknown(20);
  log.record(30, "k", "c");
  CHECK(log.find("k", 9).kind == Kind::forgotten);
  CHECK(log.find("k", 19).kind == Kind::forgotten);
  CHECK(is_value(log.find("k", 20), "c"));
}

TEST_CASE("UndoLog: large values are kept whole", "[worker][undo]") {
  const std::string large(std::size_t{5} << 20, 'L');
  UndoLog log;
  log.record(10, "small", "a");
  log.record(20, "large", large);
  log.record(30, "small", "b");
  CHECK(is_value(log.find("large", 19), large));
  CHECK(is_value(log.find("small", 9), "a"));
  CHECK(is_value(log.find("small", 10), "b"));
  log.forget(20);
  CHECK(log.find("large", 20).kind == Kind::unchanged);
  CHECK(is_value(log.find("small", 20), "b"));
}

TEST_CASE("UndoLog: agrees with a recorded history of many keys", "[worker][undo]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  using State = std::map<std::string, std::string>;
  UndoLog log;
  State now;
  std::vector<State> history{now};  // by sequence number
  Version stable = 0;
  for (Version version = 1; version <= 2'000; ++version) {
    const std::string key = "key" + std::to_string(random() % 100);
    const auto present = now.find(key);
    if (random() % 100 == 0) {
      log.record_clear(version, store_of(now));
      now.clear();
    } else {
      log.record(
          version, key,
          present == now.end() ? std::nullopt : std::optional<std::string_view>(present->second));
      if (random() % 3 == 0)
        now.erase(key);
      else
        now[key] = std::string(random() % 300, static_cast<char>(random()));
    }
    history.push_back(now);
    if (random() % 50 == 0) log.forget(stable = stable + random() % (version - stable + 1));

    const Version sequence = stable + random() % (version - stable + 1);
    const std::string wanted = "key" + std::to_string(random() % 100);
    const State& then = history[sequence];
    const Past past = log.find(wanted, sequence);
    CAPTURE(version, stable, sequence, wanted);
    const auto expected = then.find(wanted);
    if (past.kind == Kind::unchanged)
      REQUIRE((expected == then.end() ? !now.contains(wanted)
                                      : now.contains(wanted) && now[wanted] == expected->second));
    else if (expected == then.end())
      REQUIRE(past.kind == Kind::absent);
    else
      REQUIRE(is_value(past, expected->second));
  }
}
