#include "pkv/sqlite_engine.hpp"

#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sqlite3.h>
#include <string>
#include <unistd.h>
#include <vector>

// Files that cannot be used are refused in words.

namespace pkv {
namespace {

using Catch::Matchers::Contains;

SqliteEngineOptions options_for(const std::filesystem::path& file) {
  SqliteEngineOptions options;
  options.file = file;
  options.node = 1;
  return options;
}

std::string why_not(const SqliteEngineOptions& options) {
  try {
    const SqliteEngine engine(options);
    return "it was opened";
  } catch (const std::exception& error) {
    return error.what();
  }
}

void execute(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &connection) == SQLITE_OK);
  const int code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
  sqlite3_close(connection);
  REQUIRE(code == SQLITE_OK);
}

void overwrite(const std::filesystem::path& file, std::streamoff at, const std::string& bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(at);
  stream << bytes;
  REQUIRE(stream.flush());
}

/// A file with some entries.
class Written {
 public:
  Written() {
    SqliteEngine engine(options_for(file));
    REQUIRE(engine.begin_batch());
    for (unsigned i = 0; i < 1'000; ++i)
      REQUIRE(engine.put(std::to_string(i), std::string(100, 'v'), i));
    REQUIRE(engine.end_batch());
  }

  test::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "node-1.db";
};

TEST_CASE("SqliteEngine: a file is for one engine at a time", "[storage][sqlite]") {
  const Written written;
  {
    const SqliteEngine first(options_for(written.file));
    CHECK_THAT(why_not(options_for(written.file)),
               Contains("node-1.db") && Contains("in use by another process"));
    auto discarding = options_for(written.file);
    discarding.discard = true;
    CHECK_THAT(why_not(discarding), Contains("in use by another process"));
  }
  SqliteEngine later(options_for(written.file));
  CHECK(later.count() == 1'000);
}

TEST_CASE("SqliteEngine: an empty file is a new one", "[storage][sqlite]") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "node-1.db";
  std::ofstream(file).close();
  CHECK(why_not(options_for(file)) == "it was opened");
}

TEST_CASE("SqliteEngine: a file of format 1 is taken over, without times of expiry",
          "[storage][sqlite]") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "node-1.db";
  execute(file,
          "PRAGMA application_id = 1886090801;"
          "CREATE TABLE meta(format INTEGER NOT NULL, node INTEGER NOT NULL, entries INTEGER NOT "
          "NULL, newest_version INTEGER NOT NULL, created INTEGER NOT NULL);"
          "CREATE TABLE kv(position INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
          "                version INTEGER NOT NULL, PRIMARY KEY(position, key)) WITHOUT ROWID;"
          "INSERT INTO meta VALUES(1, 1, 1, 77, 1700000000000);"
          "INSERT INTO kv VALUES(" +
              std::to_string(scan_position("old")) + ", x'6f6c64', x'76', 77);");
  for (unsigned round = 0; round < 2; ++round) {
    SqliteEngine engine(options_for(file));
    CHECK(engine.count() == (round == 0 ? 1 : 2));
    REQUIRE(engine.find("old").has_value());
    CHECK(engine.find("old")->value == "v");
    CHECK(engine.find("old")->expires_at == never);
    CHECK(engine.count_expiring() == round);
    if (round == 0) REQUIRE(engine.put("new", "w", 78, 1'000));
  }
  SqliteEngine engine(options_for(file));
  CHECK(engine.remove_expired(1'000, 10).value() == 1);
}

TEST_CASE("SqliteEngine: a damaged header is refused", "[storage][sqlite]") {
  const Written written;
  overwrite(written.file, 0, "not a database");
  CHECK_THAT(why_not(options_for(written.file)), Contains("node-1.db") && Contains("damaged"));
}

TEST_CASE("SqliteEngine: a file that is cut short is refused, or says so when it is read",
          "[storage][sqlite]") {
  const Written written;
  std::filesystem::resize_file(written.file, 3 * 4'096 + 100);
  const std::string why = why_not(options_for(written.file));
  if (why != "it was opened") {
    CHECK_THAT(why, Contains("damaged"));
    return;
  }
  SqliteEngine engine(options_for(written.file));
  CHECK(engine.scan(0, 2'000).error() == errc::storage_failure);
}

TEST_CASE("SqliteEngine: damage inside is an error of what needs it", "[storage][sqlite]") {
  const Written written;
  for (std::streamoff page = 4; page < 10; ++page)
    overwrite(written.file, page * 4'096, std::string(4'096, '\xee'));
  std::string logged;
  auto options = options_for(written.file);
  options.log = [&logged](LogLevel, std::string_view line) { logged += line; };
  std::vector<FileFault> faults;
  options.on_fault = [&faults](FileFault fault) { faults.push_back(fault); };
  SqliteEngine engine(options);
  CHECK(engine.scan(0, 2'000).error() == errc::storage_failure);
  CHECK_THAT(logged, Contains("damaged"));
  CHECK(faults == std::vector{FileFault::damaged});
  std::size_t failed = 0;
  for (unsigned i = 0; i < 1'000; ++i) {
    const result<ValueView> found = engine.find(std::to_string(i));
    if (found) continue;
    CHECK(found.error() == errc::storage_failure);
    ++failed;
  }
  CHECK(failed > 0);
  CHECK(failed < 1'000);
}

TEST_CASE("SqliteEngine: a newer format is refused", "[storage][sqlite]") {
  const Written written;
  execute(written.file, "UPDATE meta SET format = 4");
  CHECK_THAT(why_not(options_for(written.file)), Contains("format 4") && Contains("newer program"));
}

TEST_CASE("SqliteEngine: another node's file is refused", "[storage][sqlite]") {
  const Written written;
  auto options = options_for(written.file);
  options.node = 2;
  CHECK_THAT(why_not(options), Contains("node 1, not of node 2"));
}

TEST_CASE("SqliteEngine: another program's database is refused, and left alone",
          "[storage][sqlite]") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "node-1.db";
  execute(file, "CREATE TABLE kv(key, value)");
  const auto size = std::filesystem::file_size(file);
  CHECK_THAT(why_not(options_for(file)), Contains("another program"));
  CHECK(std::filesystem::file_size(file) == size);
  execute(file, "INSERT INTO kv VALUES(1, 2)");
}

TEST_CASE("SqliteEngine: a file without its tables is refused", "[storage][sqlite]") {
  const Written written;
  const std::string damage = GENERATE("DROP TABLE kv", "DROP TABLE meta", "DELETE FROM meta",
                                      "ALTER TABLE kv RENAME COLUMN position TO place");
  execute(written.file, damage);
  CHECK_THAT(why_not(options_for(written.file)), Contains("damaged"));
}

TEST_CASE("SqliteEngine: places where no file can be", "[storage][sqlite]") {
  const test::TemporaryFolder folder;
  CHECK_THAT(why_not(options_for(folder.path() / "missing" / "node-1.db")), Contains("folder"));
  CHECK_THAT(why_not(options_for("/dev/null/node-1.db")), Contains("/dev/null/node-1.db"));
  std::filesystem::create_directory(folder.path() / "node-2.db");
  CHECK_THAT(why_not(options_for(folder.path() / "node-2.db")), Contains("node-2.db"));
}

TEST_CASE("SqliteEngine: a file that may not be written is refused", "[storage][sqlite]") {
  if (geteuid() == 0) return;  // may write everything
  const Written written;
  std::filesystem::permissions(written.file, std::filesystem::perms::owner_read);
  CHECK_THAT(why_not(options_for(written.file)), Contains("may not be written"));
}

}  // namespace
}  // namespace pkv
