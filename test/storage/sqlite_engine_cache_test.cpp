#include "pkv/sqlite_engine.hpp"

#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <sqlite3.h>
#include <string>

// What the engine keeps in memory is what the file holds, whatever has happened to either.

namespace pkv {
namespace {

struct Expected {
  std::string value;
  Version version;
  Timestamp expires_at;
};

/// A random history on an engine and a map. The file has little room, so that batches fail.
class History {
 public:
  History(std::size_t cache_bytes, std::uint32_t seed) : random_(seed) {
    options_.file = folder_.path() / "node-1.db";
    options_.durability = Durability::none;
    options_.cache_bytes = cache_bytes;
    options_.max_file_bytes = std::size_t{1} << 20;
    engine_ = std::make_unique<SqliteEngine>(options_);
  }

  void run(unsigned batches) {
    for (unsigned i = 0; i < batches; ++i) {
      const std::map<std::string, Expected> before = model_;
      const bool fails = pick(8) == 0;
      REQUIRE(engine_->begin_batch());
      for (std::size_t left = pick(30); left > 0; --left)
        step();
      if (fails) {
        CHECK_FALSE(engine_->put(key(), std::string(1'500'000, 'x'), ++version_));
        CHECK_FALSE(engine_->put(key(), "not any more", ++version_));
        model_ = before;
      }
      for (std::size_t left = pick(10); left > 0; --left)
        find(key());
      REQUIRE(engine_->end_batch().has_value() == !fails);
      for (std::size_t left = pick(10); left > 0; --left)
        find(key());
      if (pick(10) == 0) engine_->rest();
      if (pick(40) == 0) reopen();
      if (pick(40) == 0) compare_all();
    }
    compare_all();
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }
  std::string key() { return "key " + std::to_string(pick(300)); }
  Timestamp time() { return pick(3) == 0 ? static_cast<Timestamp>(1 + pick(1'000)) : never; }

  void step() {
    const std::string on = key();
    ++version_;
    switch (pick(20)) {
      case 0: {
        const Timestamp at = time();
        const bool there = engine_->set_expiry(on, version_, at).has_value();
        REQUIRE(there == model_.contains(on));
        if (there) model_[on] = {model_[on].value, version_, at};
        break;
      }
      case 1:
      case 2: {
        const auto entry = model_.find(on);
        const auto now = static_cast<Timestamp>(pick(1'000));
        const bool goes = entry != model_.end() && !has_expired(entry->second.expires_at, now);
        REQUIRE(engine_->erase(on, now).value() == goes);
        if (goes) model_.erase(entry);
        break;
      }
      case 3: {
        Expected& entry = model_[on];
        entry.value += "tail";
        entry.version = version_;
        REQUIRE(engine_->append(on, "tail", version_).value() == entry.value.size());
        break;
      }
      case 4:
        if (pick(20) == 0) remove_expired(static_cast<Timestamp>(pick(1'000)));
        break;
      case 5:
        if (pick(100) == 0) {
          REQUIRE(engine_->clear());
          model_.clear();
        }
        break;
      case 6:
      case 7:
      case 8:
      case 9:
        find(on);
        break;
      default: {
        const Expected entry{std::string(pick(1'500), static_cast<char>(version_)), version_,
                             time()};
        REQUIRE(engine_->put(on, entry.value, version_, entry.expires_at));
        model_[on] = entry;
      }
    }
  }

  void remove_expired(Timestamp now) {
    const std::size_t gone = std::erase_if(
        model_, [now](const auto& entry) { return has_expired(entry.second.expires_at, now); });
    REQUIRE(engine_->remove_expired(now, 1'000).value() == gone);
  }

  void find(const std::string& on) {
    const result<ValueView> found = engine_->find(on);
    const auto expected = model_.find(on);
    if (found.has_value() != (expected != model_.end())) FAIL("presence of " << on);
    if (found) compare(on, *found, expected->second);
  }

  static void compare(std::string_view on, const ValueView& found, const Expected& expected) {
    if (found.value != expected.value) FAIL("value of " << on);
    if (found.version != expected.version) FAIL("version of " << on);
    if (found.expires_at != expected.expires_at) FAIL("time of " << on);
  }

  void compare_all() {
    REQUIRE(engine_->count() == model_.size());
    const result<ScanPage> all = engine_->scan(0, 1'000);
    REQUIRE(all.has_value());
    REQUIRE(all->entries.size() == model_.size());
    for (const EntryView& entry : all->entries) {
      const auto expected = model_.find(std::string(entry.key));
      if (expected == model_.end()) FAIL("scan returned " << entry.key);
      compare(entry.key, {entry.value, entry.version, entry.expires_at}, expected->second);
    }
  }

  void reopen() {
    engine_.reset();
    engine_ = std::make_unique<SqliteEngine>(options_);
  }

  test::TemporaryFolder folder_;
  SqliteEngineOptions options_;
  std::unique_ptr<SqliteEngine> engine_;
  std::mt19937 random_;
  Version version_ = 0;
  std::map<std::string, Expected> model_;
};

TEST_CASE("SqliteEngine: with any cache gives what was written, also when batches fail",
          "[storage][sqlite][cache]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  const std::size_t cache_bytes =
      GENERATE(std::size_t{0}, std::size_t{100'000}, std::size_t{400'000}, std::size_t{64} << 20);
  CAPTURE(cache_bytes);
  History(cache_bytes, seed).run(400);
}

TEST_CASE("SqliteEngine: does not ask the database for what is in memory",
          "[storage][sqlite][cache]") {
  const test::TemporaryFolder folder;
  SqliteEngineOptions options;
  options.file = folder.path() / "node-1.db";
  SqliteEngine(options).put("read", "1", 1).value();
  SqliteEngine engine(options);
  REQUIRE(engine.find("read")->value == "1");
  REQUIRE(engine.put("written", "1", 2));
  engine.rest();
  // Changed behind its back, which nobody may do.
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(options.file.c_str(), &other) == SQLITE_OK);
  CHECK(sqlite3_exec(other, "DELETE FROM kv", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(other);
  CHECK(engine.find("read")->value == "1");
  CHECK(engine.find("written")->value == "1");
  CHECK(engine.scan(0, 10)->entries.empty());
}

TEST_CASE("SqliteEngine: entries and pages take the memory that they may",
          "[storage][sqlite][cache]") {
  const test::TemporaryFolder folder;
  SqliteEngineOptions options;
  options.file = folder.path() / "node-1.db";
  options.durability = Durability::none;
  options.cache_bytes = std::size_t{4} << 20;
  SqliteEngine engine(options);
  const std::string value(2'000, 'v');
  for (unsigned i = 0; i < 10'000; ++i) {
    REQUIRE(engine.put(std::to_string(i), value, i + 1));
    REQUIRE(engine.find(std::to_string(i * 7 % (i + 1)))->value.size() == value.size());
    REQUIRE(engine.cached_bytes() <= options.cache_bytes + options.cache_bytes / 8);
  }
  CHECK(engine.cached_bytes() > options.cache_bytes / 2);
}

}  // namespace
}  // namespace pkv
