#include "sql/merge.hpp"

#include "sql_support.hpp"

#include <catch2/catch.hpp>

namespace pkv::sql {

TEST_CASE("The result has SQLite's names", "[sql][merge]") {
  CHECK(Merge("SELECT key, count(*) AS n, 1+1 FROM kv GROUP BY key").names() ==
        std::vector<std::string>{"key", "n", "1+1"});
}

TEST_CASE("Aggregates of nothing are SQLite's", "[sql][merge]") {
  const std::string query =
      "SELECT count(*), sum(size), total(size), avg(size), max(key), count(DISTINCT key) FROM kv";
  CHECK(test::answer_in_parts(query, {}, {0, 0}) == test::answer_of_sqlite(query, {}));
  Merge nobody(query);
  std::size_t rows = 0;
  nobody.visit_result([&](std::span<const Cell> row) {
    ++rows;
    CHECK(row[0] == Cell(std::int64_t{0}));
  });
  CHECK(rows == 1);
}

TEST_CASE("A sum that overflows in the merge is SQLite's error", "[sql][merge]") {
  Merge merge("SELECT sum(size) FROM kv");
  ByteBuffer cells;
  append_cell(cells, std::numeric_limits<std::int64_t>::max());
  append_cell(cells, std::int64_t{1});
  merge.add(cells.view());
  CHECK_THROWS_WITH(merge.visit_result([](auto) {}), "integer overflow");
}

TEST_CASE("Cells that make no rows are refused", "[sql][merge]") {
  Merge merge("SELECT key, size FROM kv");
  ByteBuffer cells;
  append_cell(cells, Text{"a"});
  CHECK_THROWS_AS(merge.add(cells.view()), Error);
  CHECK_THROWS_AS(Merge("SELECT key FROM kv").add("\x03\x01"), Error);
}

TEST_CASE("Collations hold over all parts", "[sql][merge]") {
  const std::vector<test::Row> rows{{"a", "x"}, {"B", "X"}, {"c", "y"}, {"A", "z"}};
  const std::vector<std::size_t> cuts{0, 1, 2, 3, 4};
  for (const char* query :
       {"SELECT key FROM kv ORDER BY key COLLATE NOCASE, key LIMIT 3",
        "SELECT lower(value), count(*) FROM kv GROUP BY value COLLATE NOCASE ORDER BY 1",
        "SELECT count(*) FROM kv GROUP BY value COLLATE NOCASE HAVING count(*) > 1",
        "SELECT count(*) FROM kv WHERE value = 'x' COLLATE NOCASE"}) {
    CAPTURE(query);
    CHECK(test::answer_in_parts(query, rows, cuts) == test::answer_of_sqlite(query, rows));
  }
  CHECK(test::answer_in_parts("SELECT DISTINCT value COLLATE NOCASE FROM kv LIMIT 2 OFFSET 2", rows,
                              cuts)
            .size() == 1);
}

}  // namespace pkv::sql
