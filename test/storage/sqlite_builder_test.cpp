#include "storage/sqlite_builder.hpp"

#include "pkv/sqlite_engine.hpp"

#include "storage/sqlite_reader.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <sqlite3.h>
#include <string>
#include <vector>

namespace pkv {
namespace {

using Catch::Matchers::Contains;

struct Files {
  test::TemporaryFolder folder;
  std::filesystem::path from = folder.path() / "from.db";
  std::filesystem::path to = folder.path() / "to.db";

  [[nodiscard]] static SqliteEngine engine(const std::filesystem::path& file, std::uint32_t node) {
    SqliteEngineOptions options;
    options.file = file;
    options.node = node;
    return SqliteEngine(options);
  }

  void fill(unsigned count) const {
    SqliteEngine source = engine(from, 1);
    REQUIRE(source.begin_batch());
    for (unsigned i = 0; i < count; ++i)
      REQUIRE(source.put("key" + std::to_string(i), std::string(i, 'v'), i + 10));
    REQUIRE(source.end_batch());
  }

  void copy() const {
    SqliteReader reader(from, 1);
    SqliteBuilder builder(to, 7);
    while (reader.next())
      builder.append(reader);
    builder.finish(reader.notes().newest_version);
  }

  void execute(const std::string& sql) const {
    sqlite3* connection = nullptr;
    REQUIRE(sqlite3_open(from.c_str(), &connection) == SQLITE_OK);
    const int code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
    sqlite3_close(connection);
    REQUIRE(code == SQLITE_OK);
  }
};

TEST_CASE("SqliteBuilder: an engine finds what was appended", "[storage][sqlite]") {
  const unsigned count = GENERATE(0U, 1U, 3'000U);
  const Files files;
  files.fill(count);
  files.copy();
  SqliteEngine engine = Files::engine(files.to, 7);
  CHECK(engine.count() == count);
  CHECK(engine.newest_version() == (count == 0 ? 0 : count + 9));
  for (unsigned i = 0; i < count; ++i) {
    const auto found = engine.find("key" + std::to_string(i));
    REQUIRE(found.has_value());
    CHECK(found->value.size() == i);
    CHECK(found->version == i + 10);
  }
  CHECK(engine.put("more", "", count + 10));
}

TEST_CASE("SqliteBuilder: replaces what was left of an attempt", "[storage][sqlite]") {
  const Files files;
  files.fill(5);
  {
    SqliteReader reader(files.from, 1);
    SqliteBuilder unfinished(files.to, 3);
    REQUIRE(reader.next());
    unfinished.append(reader);
  }
  files.copy();
  CHECK(Files::engine(files.to, 7).count() == 5);
  remove_sqlite_file(files.to);
  for (const auto& entry : std::filesystem::directory_iterator(files.folder.path()))
    CHECK_THAT(entry.path().filename().string(), !Contains("to.db"));
}

TEST_CASE("SqliteBuilder: refuses an entry out of its order", "[storage][sqlite]") {
  const Files files;
  files.fill(1);
  SqliteReader reader(files.from, 1);
  SqliteBuilder builder(files.to, 7);
  REQUIRE(reader.next());
  builder.append(reader);
  CHECK_THROWS_WITH(builder.append(reader), Contains("to.db"));
}

TEST_CASE("SqliteReader: goes by position, then by key", "[storage][sqlite]") {
  const Files files;
  files.fill(500);
  SqliteReader reader(files.from, 1);
  CHECK(reader.notes().entries == 500);
  CHECK(reader.used_bytes() > 500 * 249);
  ScanCursor last = 0;
  unsigned count = 0;
  for (; reader.next(); ++count) {
    CHECK(reader.position() == scan_position(reader.key()));
    CHECK(reader.position() >= last);
    last = reader.position();
  }
  CHECK(count == 500);
}

TEST_CASE("SqliteReader: says what is damaged", "[storage][sqlite]") {
  const Files files;
  files.fill(100);
  std::string why;
  SECTION("an entry is missing") {
    files.execute("DELETE FROM kv WHERE key = CAST('key7' AS BLOB)");
    why = "it holds 99 entries where there should be 100";
  }
  SECTION("a key is in the wrong place") {
    files.execute("UPDATE kv SET position = position + 1 WHERE key = CAST('key7' AS BLOB)");
    why = "a key is not where it belongs";
  }
  SqliteReader reader(files.from, 1);
  const auto read_all = [&reader] {
    while (reader.next()) {
    }
  };
  CHECK_THROWS_WITH(read_all(), Contains("from.db is damaged") && Contains(why));
}

}  // namespace
}  // namespace pkv
