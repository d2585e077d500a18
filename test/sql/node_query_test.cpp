#include "sql/node_query.hpp"

#include "sql/error.hpp"
#include "sql/limits.hpp"
#include "sql_support.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

namespace pkv::sql {
namespace {

std::vector<std::string> run(NodeQuery& query) {
  ByteBuffer cells;
  query.run(cells);
  std::vector<std::string> shown;
  CellReader reader(cells.view());
  Cell cell;
  while (reader.next(cell))
    shown.push_back(test::shown(cell));
  return shown;
}

std::string refusal(std::string_view sql, std::string_view value = "") {
  try {
    NodeQuery query(sql);
    query.page().add({"key", value, value.size(), 1});
    query.page().add({"key2", value, value.size(), 1});
    run(query);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("Each page is answered for itself", "[sql][node]") {
  NodeQuery query("SELECT count(*), max(key), max(version) FROM kv");
  query.page().add({"a", "1", 1, 7});
  query.page().add({"b", "2", 1, 8});
  CHECK(run(query) == std::vector<std::string>{"2", "'b'", "8"});
  query.page().clear();
  CHECK(run(query) == std::vector<std::string>{"0", "NULL", "NULL"});
  CHECK_FALSE(query.is_look_up());
}

TEST_CASE("What is UTF-8 without a zero is text, the rest is a blob", "[sql][node]") {
  NodeQuery query("SELECT value, typeof(key), size, expires_at FROM kv");
  query.page().add({"k", "\xc3\xa4", 2, 1});
  query.page().add({"\xff", std::string_view("a\0b", 3), 3, 1});
  query.page().add({"", "", 0, 1});
  CHECK(run(query) == std::vector<std::string>{"'\xc3\xa4'", "'text'", "2", "NULL",
                                               std::string("x'a\0b'", 6), "'blob'", "3", "NULL",
                                               "''", "'text'", "0", "NULL"});
}

TEST_CASE("A query that names keys looks them up", "[sql][node]") {
  const auto [condition, keys] = GENERATE(table<std::string, std::string>({
      {"key = 'a'", "a"},
      {"'a' = key AND size > 5", "a"},
      {"key IN ('a', 'b', 'a')", "ab"},
      {"key = 'a' OR key = 'b' OR key = 'a'", "ab"},
      {"key = 5", "5"},
      {"key = x'ff'", "\xff"},
      {"key = NULL", ""},
  }));
  CAPTURE(condition);
  NodeQuery query("SELECT count(*) FROM kv WHERE " + condition);
  query.page().add({"a", "", 0, 1});  // not looked at
  std::set<std::string> asked;
  query.find_with([&](std::string_view key, EntryPage& to) {
    asked.emplace(key);
    to.add({key, "123456", 6, 1});
  });
  const std::vector<std::string> count = run(query);
  CHECK(query.is_look_up());
  std::string all;
  for (const std::string& key : asked)
    all += key;
  CHECK(all == keys);
  CHECK(count == std::vector<std::string>{std::to_string(keys.size())});
}

TEST_CASE("Only reading the table kv is allowed", "[sql][node]") {
  const auto [query, why] = GENERATE(table<std::string, std::string>({
      {"INSERT INTO kv(key) VALUES ('a')", "only SELECT"},
      {"CREATE TABLE x(y)", "only SELECT"},
      {"ATTACH 'file' AS x", "only SELECT"},
      {"PRAGMA database_list", "only SELECT"},
      {"BEGIN", "only SELECT"},
      {"VACUUM INTO 'file'", "only SELECT"},
      {"DELETE FROM sqlite_master", "may not be modified"},
      {"SELECT * FROM sqlite_master", "only table is kv"},
      {"SELECT * FROM json_each('[1]')", "only"},
      {"SELECT * FROM pragma_database_list", "only"},
      {"SELECT (SELECT 1) FROM kv", "only one SELECT"},
      {"SELECT 1 FROM kv UNION SELECT 2", ""},
      {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", ""},
      {"SELECT load_extension('x')", "load_extension"},
      {"SELECT 1; SELECT 2", "one statement"},
      {"", "no statement"},
      {"SELECT", "incomplete input"},
      {"SELECT ? FROM kv", "variable"},
  }));
  CAPTURE(query);
  const std::string refused = refusal(query);
  CHECK_FALSE(refused.empty());
  CHECK_THAT(refused, Catch::Matchers::Contains(why));
}

TEST_CASE("What would take too much of anything is refused", "[sql][node]") {
  using Catch::Matchers::Contains;
  const std::string large(std::size_t{most_cell_bytes} + 1, 'v');
  CHECK_THAT(refusal("SELECT zeroblob(1000000000) FROM kv"), Contains("too big"));
  CHECK_THAT(refusal("SELECT hex(zeroblob(1500000)) FROM kv"), Contains("too big"));
  CHECK_THAT(refusal("SELECT length(value) FROM kv", large), Contains("too big"));
  CHECK(refusal("SELECT size FROM kv", large).empty());
  CHECK(refusal("SELECT length(value) FROM kv WHERE size < 100", large).empty());
  CHECK_THAT(refusal("SELECT 1 FROM kv WHERE value LIKE '" + std::string(300, '%') + "'"),
             Contains("too complex"));
  CHECK_THAT(refusal("SELECT '" + std::string(most_query_bytes, 'x') + "'"), Contains("longer"));
  CHECK_THAT(refusal(std::string("SELECT 1\0", 9)), Contains("zero byte"));
  std::string deep = "size";
  for (int i = 0; i < 200; ++i)
    deep += " + 1";
  CHECK_THAT(refusal("SELECT " + deep + " FROM kv"), Contains("depth"));
}

TEST_CASE("A run that takes too long ends, and the next one is as the first", "[sql][node]") {
  // A cross join is refused before it comes here; what it costs is bounded all the same.
  NodeQuery query("SELECT count(*) FROM kv a, kv b, kv c WHERE a.size + b.size + c.size < 0");
  for (int i = 0; i < 1000; ++i)
    query.page().add({"k", "v", 1, 1});
  ByteBuffer cells;
  CHECK_THROWS_WITH(query.run(cells), Catch::Matchers::Contains("ms for a few entries"));
  query.page().clear();
  CHECK(run(query) == std::vector<std::string>{"0"});
}

TEST_CASE("Rows that take too much memory end a run", "[sql][node]") {
  NodeQuery query("SELECT printf('%1000000d', size) FROM kv");
  for (int i = 0; i < 100; ++i)
    query.page().add({"k", "v", 1, 1});
  ByteBuffer cells;
  CHECK_THROWS_WITH(query.run(cells), Catch::Matchers::Contains("MiB"));
}

TEST_CASE("An error while an entry is looked up is the query's", "[sql][node]") {
  NodeQuery query("SELECT 1 FROM kv WHERE key = 'a'");
  query.find_with([](std::string_view, EntryPage&) { throw Error("the disk is gone"); });
  ByteBuffer cells;
  CHECK_THROWS_WITH(query.run(cells), "the disk is gone");
}

TEST_CASE("It is known whether values are looked at", "[sql][node]") {
  CHECK(NodeQuery("SELECT key FROM kv WHERE value = 'a'").reads_values());
  CHECK_FALSE(NodeQuery("SELECT key, size FROM kv").reads_values());
}

}  // namespace pkv::sql
