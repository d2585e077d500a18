#include "storage/write_log.hpp"

#include "pkv/sqlite_engine.hpp"

#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace pkv {
namespace {

constexpr std::size_t many = 1'000'000;

/// The log takes its permissions from the database, which is there before it.
std::string database_in(const test::TemporaryFolder& folder) {
  const std::string database = folder.path() / "node-1.db";
  std::ofstream{database};
  return database;
}

void put(WriteLog& log, std::string_view key, std::string_view value, Version version,
         Timestamp expires_at = never) {
  log.add({LoggedWrite::Kind::put, key, value, version, expires_at});
}

void erase(WriteLog& log, std::string_view key) {
  log.add({LoggedWrite::Kind::erase, key});
}

void clear(WriteLog& log) {
  log.add({LoggedWrite::Kind::clear});
}

/// All that the log gives, as text: a word for each write, and the version at the end of a batch.
std::string content(WriteLog& log) {
  std::string text;
  const auto redo = [&text](const LoggedWrite& write) {
    switch (write.kind) {
      case LoggedWrite::Kind::put:
        text += std::string(write.key) + "=" + std::string(write.value) + "@" +
                std::to_string(write.version);
        if (write.expires_at != never) text += "until" + std::to_string(write.expires_at);
        text += " ";
        break;
      case LoggedWrite::Kind::set_expiry:
        text += std::string(write.key) + "@" + std::to_string(write.version) + "until" +
                std::to_string(write.expires_at) + " ";
        break;
      case LoggedWrite::Kind::erase:
        text += "-" + std::string(write.key) + " ";
        break;
      case LoggedWrite::Kind::clear:
        text += "clear ";
        break;
      case LoggedWrite::Kind::record:
        text += "record" + std::to_string(write.version) + "/" + std::to_string(write.settled) +
                ":" + std::string(write.value) + " ";
        break;
    }
    return SQLITE_OK;
  };
  const auto end = [&text](Version newest) { text += "|" + std::to_string(newest) + " "; };
  REQUIRE(log.replay(redo, end) == SQLITE_OK);
  return text;
}

std::string reopened(const std::string& database, std::uint64_t store = 1,
                     std::uint64_t transaction = 5) {
  WriteLog log(database, many);
  log.start_over(store, transaction);
  return content(log);
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// Three batches, and where each ends in the file.
std::vector<std::size_t> write_three(const std::string& database) {
  std::vector<std::size_t> ends;
  WriteLog log(database, many);
  log.start_over(1, 5);
  put(log, "a", "1", 11);
  put(log, "b", "", 12);
  REQUIRE(log.append(12) == SQLITE_OK);
  ends.push_back(std::filesystem::file_size(database + "-log"));
  erase(log, "a");
  clear(log);
  LoggedWrite record{LoggedWrite::Kind::record, {}, "what", 14};
  record.settled = 9;
  log.add(record);
  REQUIRE(log.append(14) == SQLITE_OK);
  ends.push_back(std::filesystem::file_size(database + "-log"));
  put(log, "", std::string("\0x", 2), 15, 1'700'000'000'123);
  log.add({LoggedWrite::Kind::set_expiry, "c", {}, 16, -1});
  REQUIRE(log.append(16) == SQLITE_OK);
  ends.push_back(std::filesystem::file_size(database + "-log"));
  return ends;
}

const std::vector<std::string> prefixes{
    "", "a=1@11 b=@12 |12 ", "a=1@11 b=@12 |12 -a clear record14/9:what |14 ",
    "a=1@11 b=@12 |12 -a clear record14/9:what |14 =" + std::string("\0x", 2) +
        "@15until1700000000123 c@16until-1 |16 "};

TEST_CASE("WriteLog: what was appended is there when it is opened again", "[storage][log]") {
  const test::TemporaryFolder folder;
  const std::string database = database_in(folder);
  CHECK(reopened(database).empty());
  write_three(database);
  CHECK(reopened(database) == prefixes[3]);
  CHECK(reopened(database, 2, 5).empty());  // of another store
  CHECK(reopened(database, 1, 4).empty());
  CHECK(reopened(database, 1, 6).empty());
}

TEST_CASE("WriteLog: cut anywhere, it holds the batches before", "[storage][log]") {
  const test::TemporaryFolder folder;
  const std::string database = database_in(folder);
  const std::vector<std::size_t> ends = write_three(database);
  const std::string whole = bytes_of(database + "-log");
  REQUIRE(whole.size() == ends.back());
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    CAPTURE(cut);
    write_bytes(database + "-log", whole.substr(0, cut));
    const auto batches = static_cast<std::size_t>(cut >= ends[0]) + (cut >= ends[1] ? 1U : 0U) +
                         (cut >= ends[2] ? 1U : 0U);
    REQUIRE(reopened(database) == prefixes[batches]);
  }
}

TEST_CASE("WriteLog: with any byte changed, it holds the batches before", "[storage][log]") {
  const test::TemporaryFolder folder;
  const std::string database = database_in(folder);
  const std::vector<std::size_t> ends = write_three(database);
  const std::string whole = bytes_of(database + "-log");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    write_bytes(database + "-log", damaged);
    const auto batches = static_cast<std::size_t>(at >= ends[0]) + (at >= ends[1] ? 1U : 0U);
    REQUIRE(reopened(database) == prefixes[batches]);
  }
}

TEST_CASE("WriteLog: what is there from an earlier transaction is not taken for a part",
          "[storage][log]") {
  const test::TemporaryFolder folder;
  const std::string database = database_in(folder);
  write_three(database);
  WriteLog log(database, many);
  log.start_over(1, 6);
  put(log, "a", "2", 21);
  put(log, "b", "", 22);
  REQUIRE(log.append(22) == SQLITE_OK);  // as long as the first one was
  CHECK(reopened(database, 1, 6) == "a=2@21 b=@22 |22 ");
}

TEST_CASE("WriteLog: a batch that is taken back or dropped is not there", "[storage][log]") {
  const test::TemporaryFolder folder;
  const std::string database = database_in(folder);
  WriteLog log(database, many);
  log.start_over(1, 5);
  put(log, "a", "1", 1);
  REQUIRE(log.append(1) == SQLITE_OK);
  put(log, "b", "2", 2);
  REQUIRE(log.append(2) == SQLITE_OK);
  log.take_back();
  CHECK(reopened(database) == "a=1@1 |1 ");
  put(log, "dropped", "3", 3);
  log.drop();
  put(log, "c", "4", 4);
  REQUIRE(log.append(4) == SQLITE_OK);
  CHECK(content(log) == "a=1@1 |1 c=4@4 |4 ");
  CHECK(reopened(database) == "a=1@1 |1 c=4@4 |4 ");
}

TEST_CASE("WriteLog: has no room for too many writes, or too many bytes", "[storage][log]") {
  const test::TemporaryFolder folder;
  WriteLog log(database_in(folder), 3);
  log.start_over(1, 1);
  for (Version version = 1; version <= 3; ++version) {
    put(log, "k", "v", version);
    REQUIRE(log.has_room());
    REQUIRE(log.append(version) == SQLITE_OK);
  }
  erase(log, "k");
  CHECK_FALSE(log.has_room());
  log.drop();
  log.start_over(1, 2);
  CHECK(log.empty());
  put(log, "k", std::string(WriteLog::most_batch_bytes, 'v'), 4);
  CHECK_FALSE(log.has_room());
  log.drop();
  CHECK(log.empty());
}

TEST_CASE("WriteLog: tells when its bytes are used up", "[storage][log]") {
  const test::TemporaryFolder folder;
  WriteLog log(database_in(folder), many);
  log.start_over(1, 1);
  static_assert(WriteLog::most_bytes % WriteLog::most_batch_bytes == 0);
  constexpr std::size_t head_room = 200;  // a batch's and a write's own, at most
  for (Version version = 1; version <= WriteLog::most_bytes / WriteLog::most_batch_bytes;
       ++version) {
    put(log, "k", std::string(WriteLog::most_batch_bytes - head_room, 'v'), version);
    REQUIRE(log.has_room());
    REQUIRE(log.append(version) == SQLITE_OK);
  }
  CHECK(log.has_room());
  put(log, "k", std::string(4 * head_room, 'v'), 6);
  CHECK_FALSE(log.has_room());
}

TEST_CASE("WriteLog: is done again whole when it is full of batches", "[storage][log]") {
  const test::TemporaryFolder folder;
  const std::string database = database_in(folder);
  std::string expected;
  {
    WriteLog log(database, many);
    log.start_over(1, 5);
    for (Version version = 1;; ++version) {
      const std::string value(10'000 + version * 77 % 9'000, static_cast<char>('a' + version % 26));
      put(log, std::to_string(version), value, version);
      if (!log.has_room()) break;
      REQUIRE(log.append(version) == SQLITE_OK);
      const std::string number = std::to_string(version);
      expected.append(number + "=" + value).append("@" + number + " |" + number + " ");
    }
  }
  CHECK(expected.size() > WriteLog::most_bytes - 60'000);
  CHECK((reopened(database) == expected));
}

SqliteEngineOptions options_in(const test::TemporaryFolder& folder) {
  SqliteEngineOptions options;
  options.file = folder.path() / "node-1.db";
  return options;
}

/// What a killed process would have left.
void copy_files(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const char* const suffix : {"", "-wal", "-log"})
    if (std::filesystem::exists(from.string() + suffix))
      std::filesystem::copy_file(from.string() + suffix, to.string() + suffix);
}

TEST_CASE("SqliteEngine: batches that are only in its log are there after a crash",
          "[storage][sqlite][log]") {
  const test::TemporaryFolder folder;
  const test::TemporaryFolder left;
  const SqliteEngineOptions options = options_in(folder);
  SqliteEngine engine(options);
  REQUIRE(engine.put("early", "1", 1));
  engine.rest();  // committed by the database
  REQUIRE(engine.put("a", "1", 2));
  REQUIRE(engine.put("a", "2", 3));
  REQUIRE(engine.put("gone", "1", 4));
  REQUIRE(engine.begin_batch());
  REQUIRE(engine.erase("gone").value());
  engine.reach(9);
  REQUIRE(engine.end_batch());
  REQUIRE(engine.begin_batch());
  REQUIRE(engine.put("not ended", "1", 10));
  SqliteEngineOptions copied = options_in(left);
  copy_files(options.file, copied.file);

  CHECK(inspect_sqlite_file(copied.file, 0).entries == 2);
  CHECK(inspect_sqlite_file(copied.file, 0).newest_version == 9);
  SqliteEngine after(copied);
  CHECK(after.count() == 2);
  CHECK(after.newest_version() == 9);
  CHECK(after.find("early")->value == "1");
  CHECK(after.find("a")->value == "2");
  CHECK(after.find("a")->version == 3);
  CHECK(after.find("gone").error() == errc::key_not_found);
  CHECK(after.find("not ended").error() == errc::key_not_found);
}

TEST_CASE("SqliteEngine: a batch that is undone takes no other with it", "[storage][sqlite][log]") {
  const test::TemporaryFolder folder;
  SqliteEngineOptions options = options_in(folder);
  options.max_file_bytes = 256 << 10;
  std::vector<std::string> logged;
  options.log = [&logged](LogLevel, std::string_view line) { logged.emplace_back(line); };
  {
    SqliteEngine engine(options);
    REQUIRE(engine.put("committed", "1", 1));
    engine.rest();
    REQUIRE(engine.put("kept", "1", 2));
    REQUIRE(engine.erase("committed").value());
    REQUIRE(engine.put("kept", "2", 4));
    CHECK(engine.put("too large", std::string(400'000, 't'), 5).error() == errc::storage_failure);
    CHECK(engine.count() == 1);
    CHECK(engine.newest_version() == 4);
    CHECK(engine.find("kept")->value == "2");
    CHECK(engine.find("committed").error() == errc::key_not_found);
    REQUIRE(engine.put("next", "1", 6));
  }
  SqliteEngine engine(options);
  CHECK(engine.count() == 2);
  CHECK(engine.find("kept")->value == "2");
  CHECK(engine.find("next")->value == "1");
  CHECK(logged.size() == 1);
}

TEST_CASE("SqliteEngine: the log of another store that had the same file is not done again",
          "[storage][sqlite][log]") {
  const test::TemporaryFolder folder;
  const test::TemporaryFolder left;
  const SqliteEngineOptions options = options_in(folder);
  {
    SqliteEngine engine(options);
    REQUIRE(engine.put("k", "1", 1));
    copy_files(options.file, options_in(left).file);
  }
  std::filesystem::remove(options_in(left).file);
  std::filesystem::remove(options_in(left).file.string() + "-wal");
  CHECK(SqliteEngine(options_in(left)).count() == 0);
}

TEST_CASE("SqliteEngine: an engine that ends in order leaves no log behind",
          "[storage][sqlite][log]") {
  const test::TemporaryFolder folder;
  const SqliteEngineOptions options = options_in(folder);
  {
    SqliteEngine engine(options);
    REQUIRE(engine.put("k", "v", 1));
    CHECK(std::filesystem::exists(options.file.string() + "-log"));
  }
  CHECK_FALSE(std::filesystem::exists(options.file.string() + "-log"));
  CHECK(inspect_sqlite_file(options.file, 0).entries == 1);
}

TEST_CASE("SqliteEngine: who only reads lets others see what was written before",
          "[storage][sqlite][log]") {
  const test::TemporaryFolder folder;
  const SqliteEngineOptions options = options_in(folder);
  SqliteEngine engine(options);
  REQUIRE(engine.put("k", "v", 1));
  const auto seen_by_others = [&options] {
    sqlite3* connection = nullptr;
    REQUIRE(sqlite3_open(options.file.c_str(), &connection) == SQLITE_OK);
    const auto note = [](void* to, int, char** values, char**) {
      *static_cast<int*>(to) = std::stoi(values[0]);
      return 0;
    };
    int entries = -1;
    CHECK(sqlite3_exec(connection, "SELECT count(*) FROM kv", note, &entries, nullptr) ==
          SQLITE_OK);
    sqlite3_close(connection);
    return entries;
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (seen_by_others() == 0 && std::chrono::steady_clock::now() < deadline) {
    REQUIRE(engine.begin_batch());
    REQUIRE(engine.find("k")->value == "v");
    REQUIRE(engine.end_batch());
  }
  CHECK(seen_by_others() == 1);
}

TEST_CASE("SqliteEngine: many batches, and more than the log holds, are there in the end",
          "[storage][sqlite][log]") {
  const test::TemporaryFolder folder;
  const SqliteEngineOptions options = options_in(folder);
  Version version = 0;
  {
    SqliteEngine engine(options);
    for (unsigned batch = 0; batch < 300; ++batch) {
      REQUIRE(engine.begin_batch());
      for (unsigned i = 0; i < 40; ++i) {
        const std::string key = std::to_string((batch * 40 + i) % 3'000);
        REQUIRE(engine.put(key, std::string(300, 'v') + std::to_string(batch), ++version));
      }
      if (batch % 7 == 0) REQUIRE(engine.put("large", std::string(2'000'000, 'l'), ++version));
      if (batch % 7 == 1) REQUIRE(engine.erase("large").value());
      REQUIRE(engine.end_batch());
    }
    CHECK(std::filesystem::file_size(options.file.string() + "-log") <= WriteLog::most_bytes);
  }
  SqliteEngine engine(options);
  CHECK(engine.count() == 3'000 + (299 % 7 == 0 ? 1 : 0));
  CHECK(engine.newest_version() == version);
  CHECK(engine.find("2999")->value == std::string(300, 'v') + "299");
}

TEST_CASE("WriteLog: records have a room of their own", "[storage][log]") {
  const test::TemporaryFolder folder;
  const std::string database = database_in(folder);
  const std::string long_record(WriteLog::most_record_bytes / 4, 'r');
  std::string expected;
  {
    WriteLog log(database, 4);
    log.start_over(1, 5);
    for (int i = 0; i < 3; ++i) {
      log.add({LoggedWrite::Kind::record, {}, long_record, 7});
      put(log, "a", "1", 7);
      REQUIRE(log.has_room());
      REQUIRE(log.append(7) == SQLITE_OK);
      expected += "record7/0:" + long_record + " a=1@7 |7 ";
    }
    put(log, "b", std::string(WriteLog::most_batch_bytes / 2, 'b'), 8);
    CHECK(log.has_room());
    log.drop();
    log.add({LoggedWrite::Kind::record, {}, long_record, 7});
    CHECK_FALSE(log.has_room());
    log.drop();
    put(log, "b", "", 8);
    put(log, "c", "", 8);
    CHECK_FALSE(log.has_room());
  }
  WriteLog log(database, 4);
  log.start_over(1, 5);
  CHECK((content(log) == expected));  // not to be printed
  log.add({LoggedWrite::Kind::record, {}, long_record, 7});
  CHECK_FALSE(log.has_room());
  log.drop();
  put(log, "b", std::string(WriteLog::most_batch_bytes / 2, 'b'), 8);
  CHECK(log.has_room());
}

}  // namespace
}  // namespace pkv
