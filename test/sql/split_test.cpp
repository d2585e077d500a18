#include "sql/split.hpp"

#include "sql_support.hpp"

#include <catch2/catch.hpp>

namespace pkv::sql {

TEST_CASE("Nodes filter, order and limit rows themselves", "[sql][split]") {
  const SplitQuery split = split_query(
      "SELECT key, size / 2 AS half FROM kv WHERE size > 3 ORDER BY half DESC LIMIT 5 OFFSET 10");
  CHECK(split.node ==
        "SELECT key AS c0, size / 2 AS c1 FROM kv WHERE size > 3 ORDER BY c1 DESC LIMIT 15");
  CHECK(split.merge == "SELECT c0, c1 FROM rows ORDER BY c1 DESC LIMIT 5 OFFSET 10");
  CHECK_FALSE(split.enough_rows);
}

TEST_CASE("Without an order any rows are enough", "[sql][split]") {
  CHECK(split_query("SELECT key FROM kv LIMIT 5 OFFSET 2").enough_rows == 7);
  CHECK(split_query("SELECT key FROM kv LIMIT 0").enough_rows == 0);
  CHECK_FALSE(split_query("SELECT DISTINCT size FROM kv LIMIT 5").enough_rows);
  CHECK_FALSE(split_query("SELECT count(*) FROM kv LIMIT 5").enough_rows);
}

TEST_CASE("Groups come in parts that can be added up", "[sql][split]") {
  const SplitQuery split =
      split_query("SELECT value, avg(size) FROM kv GROUP BY 1 ORDER BY 2 LIMIT 3");
  CHECK(split.node ==
        "SELECT value AS c0, total ( size ) AS c1, count ( size ) AS c2 FROM kv GROUP BY c0");
  CHECK(split.merge ==
        "SELECT c0, (sum(c1) / sum(c2)) FROM rows GROUP BY c0 ORDER BY 2  LIMIT 3 OFFSET 0");
}

TEST_CASE("Distinct values of an aggregate are further keys of the parts", "[sql][split]") {
  const SplitQuery split = split_query("SELECT size, count(DISTINCT value) FROM kv GROUP BY size");
  CHECK(split.node == "SELECT size AS c0, value AS c1 FROM kv GROUP BY c0, c1");
  CHECK(split.merge == "SELECT c0, count(DISTINCT c1) FROM rows GROUP BY c0");
}

TEST_CASE("Names and numbers stand for what is selected", "[sql][split]") {
  const char* const merged =
      "SELECT c0, coalesce(sum(c1), 0) FROM rows GROUP BY c0 "
      "HAVING coalesce(sum(c1), 0) > 1 ORDER BY 2 DESC";
  for (const char* query :
       {"SELECT size / 2, count(*) FROM kv GROUP BY size / 2 HAVING count(*) > 1 ORDER BY count(*) "
        "DESC",
        "SELECT size / 2 h, count(*) n FROM kv GROUP BY h HAVING n > 1 ORDER BY n DESC",
        "SELECT size/2 AS \"H\", COUNT( * ) AS n FROM kv GROUP BY 1 HAVING \"N\" > 1 ORDER BY 2 "
        "DESC"}) {
    CAPTURE(query);
    std::string merge = split_query(query).merge;
    std::erase(merge, '(');
    std::erase(merge, ')');
    std::string expected = merged;
    std::erase(expected, '(');
    std::erase(expected, ')');
    std::erase(merge, ' ');
    std::erase(expected, ' ');
    CHECK(merge == expected);
  }
}

TEST_CASE("What is not supported is refused, in words that say so", "[sql][split]") {
  const auto [query, why] = GENERATE(table<std::string, std::string>({
      {"", "statement"},
      {"   ;", "statement"},
      {"-- nothing", "statement"},
      {"SELECT 1", "FROM kv is missing"},
      {"SELECT * FROM kv a, kv b", "one SELECT"},
      {"SELECT * FROM kv a JOIN kv b USING (key)", "one SELECT"},
      {"SELECT * FROM (SELECT key FROM kv)", "one SELECT"},
      {"SELECT key FROM kv UNION SELECT value FROM kv", "one SELECT"},
      {"SELECT (SELECT max(size) FROM kv) FROM kv", "one SELECT"},
      {"WITH x AS (SELECT 1) SELECT * FROM kv", "one SELECT"},
      {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
       "one SELECT"},
      {"VALUES (1)", "one SELECT"},
      {"SELECT key, row_number() OVER (ORDER BY key) FROM kv", "window"},
      {"SELECT key FROM kv INDEXED BY x", "no such index"},
      {"SELECT * FROM json_each('[1]')", "only table is kv"},
      {"SELECT * FROM sqlite_master", "only table is kv"},
      {"SELECT * FROM other", "no such table: other"},
      {"SELECT missing FROM kv", "no such column: missing"},
      {"SELECT rowid FROM kv", "no such column: rowid"},
      {"SELECT \"missing\" FROM kv", "no such column: missing"},
      {"SELECT key FORM kv", "syntax error"},
      {"SELECT ?1 FROM kv", "parameter"},
      {"SELECT key FROM kv; SELECT 1", "one statement"},
      {"INSERT INTO kv(key) VALUES ('a')", "reads only"},
      {"DELETE FROM kv", "reads only"},
      {"DROP TABLE kv", "reads only"},
      {"ATTACH 'x' AS y", "reads only"},
      {"PRAGMA table_info(kv)", "one SELECT"},
      {"EXPLAIN SELECT * FROM kv", "one SELECT"},
      {"SELECT key, count(*) FROM kv", "beside aggregates, the column key"},
      {"SELECT size + 1 FROM kv GROUP BY size * 2", "beside aggregates, the column size"},
      {"SELECT size + 1 * 2 FROM kv GROUP BY size + 1", "beside aggregates, the column size"},
      {"SELECT group_concat(DISTINCT key) FROM kv", "group_concat(DISTINCT"},
      {"SELECT group_concat(key, value) FROM kv", "separator"},
      {"SELECT json_group_array(key) FROM kv", "json_group_array is not supported"},
      {"SELECT count(DISTINCT key) FILTER (WHERE size > 1) FROM kv", "FILTER is not supported"},
      {"SELECT min(key COLLATE NOCASE) FROM kv", "COLLATE"},
      {"SELECT (key COLLATE NOCASE) || value FROM kv", "COLLATE"},
      {"SELECT DISTINCT size FROM kv ORDER BY key", "with DISTINCT"},
      {"SELECT DISTINCT count(*) FROM kv GROUP BY size ORDER BY size", "with DISTINCT"},
      {"SELECT key FROM kv ORDER BY 2", "out of range"},
      {"SELECT key FROM kv LIMIT size", "no such column"},
  }));
  CAPTURE(query);
  CHECK_THAT(test::refusal_of(query), Catch::Matchers::Contains(why));
}

TEST_CASE("SQLite tells where it stopped understanding", "[sql][split]") {
  try {
    Merge merge("SELECT key FROM kv WHERE FORM");
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.offset() == 25);
  }
}

TEST_CASE("Huge, zero and ill-coded queries are refused", "[sql][split]") {
  using Catch::Matchers::Contains;
  CHECK_THAT(test::refusal_of("SELECT '" + std::string(1 << 20, 'x') + "' FROM kv"),
             Contains("longer than"));
  CHECK_THAT(test::refusal_of(std::string("SELECT key FROM kv\0;", 20)), Contains("zero byte"));
  CHECK_THAT(test::refusal_of("SELECT '\xff' FROM kv"), Contains("UTF-8"));
  std::string many = "SELECT 1";
  for (int i = 0; i < 64; ++i)
    many += ", 1";
  CHECK_THAT(test::refusal_of(many + " FROM kv"), Contains("at most 64 columns"));
  CHECK_FALSE(test::refusal_of("SELECT " + std::string(2000, '(') + "1" + std::string(2000, ')') +
                               " FROM kv")
                  .empty());
}

}  // namespace pkv::sql
