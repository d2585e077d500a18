#include "storage/command_records.hpp"

#include "pkv/kv_store.hpp"
#include "pkv/sqlite_engine.hpp"

#include "storage/write_log.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <sqlite3.h>
#include <string>
#include <vector>

namespace pkv {
namespace {

struct Folder {
  test::TemporaryFolder folder;

  [[nodiscard]] std::filesystem::path file() const { return folder.path() / "node-1.db"; }
  [[nodiscard]] SqliteEngineOptions options() const {
    SqliteEngineOptions options;
    options.file = file();
    return options;
  }
};

/// One batch with a write and a record at this place.
void write(SqliteEngine& engine, Version place, Version settled, const std::string& writes) {
  REQUIRE(engine.begin_batch());
  REQUIRE(engine.keep_record(place, settled, writes));
  REQUIRE(engine.put("key", "value " + std::to_string(place), place));
  REQUIRE(engine.end_batch());
}

/// What is there when the process is killed now: `<place>:<writes> ...|<newest version>`.
std::string after_kill(const Folder& folder) {
  const test::TemporaryFolder copies;
  for (const std::string suffix : {"", "-wal", WriteLog::suffix}) {
    const std::string part = folder.file().string() + suffix;
    if (std::filesystem::exists(part))
      std::filesystem::copy(part, copies.path() / ("node-1.db" + suffix));
  }
  std::string text;
  const CommandNotes notes = read_command_notes(copies.path() / "node-1.db", 0);
  for (const CommandRecord& record : notes.records)
    text += std::to_string(record.place) + ":" + record.writes + " ";
  return text + "|" + std::to_string(notes.newest_version);
}

TEST_CASE("CommandRecords: a record is there as soon as its batch is", "[storage][sqlite]") {
  const Folder folder;
  SqliteEngine engine(folder.options());
  CHECK(after_kill(folder) == "|0");
  write(engine, 10, 0, "ten");
  CHECK(after_kill(folder) == "10:ten |10");
  engine.rest();  // commits
  CHECK(after_kill(folder) == "10:ten |10");
  write(engine, 11, 9, std::string(3, '\0'));
  CHECK(after_kill(folder) == "10:ten 11:" + std::string(3, '\0') + " |11");
}

TEST_CASE("CommandRecords: what is settled is forgotten, in memory and in the file",
          "[storage][sqlite]") {
  const Folder folder;
  SqliteEngine engine(folder.options());
  write(engine, 10, 0, "ten");
  write(engine, 11, 0, "eleven");
  engine.rest();
  write(engine, 12, 10, "twelve");
  engine.rest();
  CHECK(after_kill(folder) == "11:eleven 12:twelve |12");
  write(engine, 13, 12, "thirteen");
  write(engine, 14, 13, "fourteen");
  engine.rest();
  CHECK(after_kill(folder) == "14:fourteen |14");
}

TEST_CASE("CommandRecords: a record goes with its batch", "[storage][sqlite]") {
  const Folder folder;
  SqliteEngineOptions options = folder.options();
  options.max_file_bytes = std::size_t{200} << 10;
  SqliteEngine engine(options);
  write(engine, 10, 0, "ten");
  REQUIRE(engine.begin_batch());
  REQUIRE(engine.keep_record(11, 0, "eleven"));
  CHECK_FALSE(engine.put("key", std::string(300 << 10, 'v'), 11));
  CHECK_FALSE(engine.end_batch());
  engine.rest();
  CHECK(after_kill(folder) == "10:ten |10");
  CHECK(engine.find("key")->value == "value 10");
  // And a record that finds no room takes its batch with it.
  REQUIRE(engine.begin_batch());
  REQUIRE(engine.put("key", "with a record", 12));
  REQUIRE(engine.keep_record(12, 0, std::string(WriteLog::most_record_bytes + 1, 'w')));
  CHECK(engine.end_batch().error() == errc::storage_failure);
  CHECK(engine.find("key")->value == "value 10");
  write(engine, 13, 0, "thirteen");
  CHECK(after_kill(folder) == "10:ten 13:thirteen |13");
}

TEST_CASE("CommandRecords: one that is too long for the log is kept by the database",
          "[storage][sqlite]") {
  const Folder folder;
  SqliteEngine engine(folder.options());
  const std::string writes(WriteLog::most_record_bytes + 1, 'w');
  write(engine, 10, 0, writes);
  CHECK(after_kill(folder) == "10:" + writes + " |10");
}

TEST_CASE("CommandRecords: the next engine goes on with them", "[storage][sqlite]") {
  const Folder folder;
  {
    SqliteEngine engine(folder.options());
    write(engine, 10, 0, "ten");
    write(engine, 20, 0, "twenty");
  }
  CHECK(after_kill(folder) == "10:ten 20:twenty |20");
  {
    SqliteEngine engine(folder.options());
    write(engine, 30, 10, "thirty");
    CHECK(engine.count() == 1);
  }
  CHECK(after_kill(folder) == "20:twenty 30:thirty |30");
  remove_command_records(folder.file(), 0);
  CHECK(after_kill(folder) == "|30");
  remove_command_records(folder.file(), 0);
  SqliteEngine engine(folder.options());
  CHECK(engine.find("key")->value == "value 30");
}

TEST_CASE("CommandRecords: an older file is taken over without any", "[storage][sqlite]") {
  const Folder folder;
  {
    SqliteEngine engine(folder.options());
    REQUIRE(engine.put("key", "value", 7));
  }
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(folder.file().c_str(), &connection) == SQLITE_OK);
  REQUIRE(sqlite3_exec(connection, "DROP TABLE command; UPDATE meta SET format = 2", nullptr,
                       nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(connection);
  CHECK(after_kill(folder) == "|7");
  SqliteEngine engine(folder.options());
  write(engine, 10, 0, "ten");
  CHECK(after_kill(folder) == "10:ten |10");
}

TEST_CASE("StorageEngine: an engine in memory has no use for records", "[storage]") {
  KVStore store;
  REQUIRE(store.begin_batch());
  CHECK(store.keep_record(10, 0, "ten"));
  CHECK(store.end_batch());
  CHECK(store.empty());
}

}  // namespace
}  // namespace pkv
