#include "pkv/sqlite_engine.hpp"

#include "pkv/kv_store.hpp"

#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <vector>

namespace pkv {
namespace {

class Folder {
 public:
  [[nodiscard]] SqliteEngineOptions options() {
    SqliteEngineOptions options;
    options.file = folder_.path() / "node-7.db";
    options.node = 7;
    options.log = [this](LogLevel, std::string_view line) { logged.emplace_back(line); };
    return options;
  }

  std::vector<std::string> logged;

 private:
  test::TemporaryFolder folder_;
};

std::string value_of(StorageEngine& engine, std::string_view key) {
  const result<ValueView> found = engine.find(key);
  return found ? std::string(found->value) : found.error().message();
}

/// What another program sees.
std::string ask(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open_v2(file.c_str(), &connection, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  std::string answer;
  const auto append = [](void* to, int count, char** values, char**) {
    for (int i = 0; i < count; ++i)
      *static_cast<std::string*>(to) += std::string(values[i] != nullptr ? values[i] : "-") + ' ';
    return 0;
  };
  const int code = sqlite3_exec(connection, sql.c_str(), append, &answer, nullptr);
  sqlite3_close(connection);
  REQUIRE(code == SQLITE_OK);
  return answer;
}

TEST_CASE("SqliteEngine: what was written is there when it is opened again", "[storage][sqlite]") {
  const auto durability = GENERATE(Durability::none, Durability::batch, Durability::fsync);
  Folder folder;
  SqliteEngineOptions options = folder.options();
  options.durability = durability;
  for (unsigned round = 0; round < 3; ++round) {
    SqliteEngine engine(options);
    CHECK(engine.count() == round * 100);
    CHECK(engine.newest_version() == (round == 0 ? 0 : round * 100 + 99));
    for (unsigned i = 0; i < round * 100; ++i)
      REQUIRE(value_of(engine, std::to_string(i)) == "v" + std::to_string(i));
    REQUIRE(engine.begin_batch());
    for (unsigned i = round * 100; i < round * 100 + 100; ++i)
      REQUIRE(engine.put(std::to_string(i), "v" + std::to_string(i), i + 100));
    REQUIRE(engine.end_batch());
    REQUIRE(engine.flush());
  }
  options.discard = true;
  CHECK(SqliteEngine(options).count() == 0);
  options.discard = false;
  CHECK(SqliteEngine(options).count() == 0);
  CHECK(folder.logged.empty());
}

TEST_CASE("SqliteEngine: a store goes on with versions above those in the file",
          "[storage][sqlite]") {
  Folder folder;
  {
    KVStore store(std::make_unique<SqliteEngine>(folder.options()));
    REQUIRE(store.put("a", "1", 1'000));
  }
  KVStore store(std::make_unique<SqliteEngine>(folder.options()));
  REQUIRE(store.put("b", "2"));
  CHECK(store.find("b")->version == 1'001);
}

TEST_CASE("SqliteEngine: other programs can read it while it runs", "[storage][sqlite]") {
  Folder folder;
  SqliteEngine engine(folder.options());
  REQUIRE(engine.put("color", "red", 11));
  REQUIRE(engine.put("size", "large", 12));
  engine.rest();
  REQUIRE(engine.begin_batch());
  REQUIRE(engine.put("color", "blue", 13));
  const auto file = folder.options().file;
  const std::string of_color =
      "SELECT CAST(value AS TEXT), version FROM kv WHERE key = "
      "CAST('color' AS BLOB)";
  CHECK(ask(file, of_color) == "red 11 ");
  CHECK(ask(file, "SELECT format, node, entries, newest_version FROM meta") == "3 7 2 12 ");
  REQUIRE(engine.end_batch());
  CHECK(ask(file, of_color) == "red 11 ");
  engine.rest();
  CHECK(ask(file, of_color) == "blue 13 ");
  CHECK(ask(file, "SELECT entries, newest_version FROM meta") == "2 13 ");
  CHECK(ask(file, "SELECT sum(typeof(key) = 'blob' AND typeof(value) = 'blob') FROM kv") == "2 ");
  CHECK(ask(file, "SELECT position FROM kv WHERE version = 12") ==
        std::to_string(scan_position("size")) + " ");
}

TEST_CASE("SqliteEngine: a batch that is not ended is undone", "[storage][sqlite]") {
  Folder folder;
  {
    SqliteEngine engine(folder.options());
    REQUIRE(engine.put("kept", "1", 1));
    REQUIRE(engine.begin_batch());
    REQUIRE(engine.put("kept", "2", 2));
    REQUIRE(engine.put("new", "2", 2));
    CHECK(engine.count() == 2);
  }
  SqliteEngine engine(folder.options());
  CHECK(engine.count() == 1);
  CHECK(value_of(engine, "kept") == "1");
}

TEST_CASE("SqliteEngine: looking a key up again sees what has been done since",
          "[storage][sqlite]") {
  Folder folder;
  SqliteEngine engine(folder.options());
  const bool together = GENERATE(false, true);
  if (together) REQUIRE(engine.begin_batch());
  CHECK(engine.find("k").error() == errc::key_not_found);
  CHECK(engine.find("k").error() == errc::key_not_found);
  REQUIRE(engine.put("k", "1", 1));
  CHECK(value_of(engine, "k") == "1");
  CHECK(value_of(engine, "k") == "1");
  REQUIRE(engine.put("k", "2", 2));
  CHECK(value_of(engine, "k") == "2");
  CHECK(engine.find("other").error() == errc::key_not_found);
  REQUIRE(engine.put("k", "3", 3));  // the other one is absent, not this one
  CHECK(value_of(engine, "k") == "3");
  CHECK(engine.erase("k").value());
  CHECK(engine.find("k").error() == errc::key_not_found);
  REQUIRE(engine.put("k", "4", 4));
  REQUIRE(engine.clear());
  CHECK(engine.find("k").error() == errc::key_not_found);
  if (together) REQUIRE(engine.end_batch());
  CHECK(engine.count() == 0);
}

TEST_CASE("SqliteEngine: a full disk undoes the batch, and room lets it go on",
          "[storage][sqlite]") {
  Folder folder;
  SqliteEngineOptions options = folder.options();
  options.max_file_bytes = 256 << 10;
  SqliteEngine engine(options);
  REQUIRE(engine.put("before", "1", 1));
  REQUIRE(engine.put("large", std::string(100'000, 'l'), 2));

  REQUIRE(engine.begin_batch());
  REQUIRE(engine.put("before", "2", 3));
  REQUIRE(engine.put("lost", "2", 3));
  CHECK(engine.put("too much", std::string(400'000, 't'), 4).error() == errc::storage_failure);
  CHECK(engine.put("small", "2", 5).error() == errc::storage_failure);
  CHECK(engine.erase("before").error() == errc::storage_failure);
  CHECK(engine.append("large", "2", 5).error() == errc::storage_failure);
  CHECK(engine.end_batch().error() == errc::storage_failure);
  REQUIRE(folder.logged.size() == 1);
  CHECK_THAT(folder.logged[0], Catch::Matchers::Contains("no room"));

  CHECK(engine.count() == 2);
  CHECK(engine.newest_version() == 2);
  CHECK(value_of(engine, "before") == "1");
  CHECK(engine.find("lost").error() == errc::key_not_found);
  CHECK(engine.put("alone", std::string(400'000, 't'), 6).error() == errc::storage_failure);
  CHECK(engine.count() == 2);

  CHECK(engine.erase("large").value());
  REQUIRE(engine.put("fits", std::string(100'000, 'f'), 7));
  CHECK(engine.count() == 2);
  CHECK(value_of(engine, "fits") == std::string(100'000, 'f'));
}

TEST_CASE("SqliteEngine: clear() makes room for as much again", "[storage][sqlite]") {
  Folder folder;
  SqliteEngineOptions options = folder.options();
  options.max_file_bytes = 3 << 20;
  SqliteEngine engine(options);
  for (unsigned round = 0; round < 5; ++round) {
    for (unsigned i = 0; i < 20; ++i)
      REQUIRE(engine.put(std::to_string(i), std::string(100'000, 'v'), i));
    CHECK(engine.bytes() > 2'000'000);
    REQUIRE(engine.clear());
    CHECK(engine.bytes() < 50'000);
  }
}

TEST_CASE("SqliteEngine: entries beyond SQLite's limit are refused", "[storage][sqlite]") {
  Folder folder;
  SqliteEngine engine(folder.options());
  // Not read: only its length counts.
  const std::string_view value("", SqliteEngine::most_entry_bytes);
  REQUIRE(engine.begin_batch());
  REQUIRE(engine.put("small", "1", 1));
  CHECK(engine.put("k", value, 2).error() == errc::value_too_long);
  REQUIRE(engine.end_batch());
  CHECK(engine.count() == 1);
}

TEST_CASE("SqliteEngine: the largest value of the default limits", "[storage][sqlite][.large]") {
  Folder folder;
  SqliteEngine engine(folder.options());
  const std::string value(Limits{}.max_value_bytes, 'v');
  REQUIRE(engine.put("k", value, 1));
  CHECK((engine.find("k")->value == value));
  CHECK((engine.scan(0, 1)->entries.at(0).value == value));
}

TEST_CASE("SqliteEngine: a page of a scan with large values is short", "[storage][sqlite]") {
  Folder folder;
  SqliteEngine engine(folder.options());
  for (unsigned i = 0; i < 20; ++i)
    REQUIRE(engine.put(std::to_string(i), std::string(1'000'000, 'v'), i));
  std::size_t seen = 0;
  ScanCursor cursor = 0;
  do {
    const result<ScanPage> page = engine.scan(cursor, 100);
    REQUIRE(page.has_value());
    CHECK(page->entries.size() <= 5);
    for (const EntryView& entry : page->entries)
      CHECK((entry.value == std::string(1'000'000, 'v')));
    seen += page->entries.size();
    cursor = page->next;
  } while (cursor != 0);
  CHECK(seen == 20);
}

}  // namespace
}  // namespace pkv
