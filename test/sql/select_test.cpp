#include "sql/select.hpp"

#include "sql_support.hpp"

#include <catch2/catch.hpp>

namespace pkv::sql {

TEST_CASE("A query is parted into its clauses", "[sql][select]") {
  const Select select = parse_select(
      "SELECT DISTINCT k.key AS name, count(*) total, size IS NOT DISTINCT FROM 3, 'x' FROM kv AS "
      "k "
      "WHERE size > (1 + 2) GROUP BY name, 3 HAVING count(*) > 1 "
      "ORDER BY 1 COLLATE NOCASE DESC NULLS LAST, total LIMIT 5 OFFSET 2;");
  CHECK(select.distinct);
  REQUIRE(select.items.size() == 4);
  CHECK(to_text(select.items[0].expression) == "key");
  CHECK(select.items[0].alias == "name");
  CHECK(to_text(select.items[1].expression) == "count ( * )");
  CHECK(select.items[1].alias == "total");
  CHECK(to_text(select.items[2].expression) == "size IS NOT DISTINCT FROM 3");
  CHECK_FALSE(select.items[2].alias);
  CHECK_FALSE(select.items[3].alias);
  CHECK(to_text(select.where) == "size > ( 1 + 2 )");
  CHECK(select.group_by.size() == 2);
  CHECK(to_text(select.having) == "count ( * ) > 1");
  REQUIRE(select.order_by.size() == 2);
  CHECK(to_text(select.order_by[0].expression) == "1 COLLATE NOCASE");
  CHECK(select.order_by[0].direction == "DESC NULLS LAST");
  CHECK(select.limit == 5);
  CHECK(select.offset == 2);
}

TEST_CASE("* is all columns", "[sql][select]") {
  for (const char* query : {"SELECT * FROM kv", "SELECT kv.* FROM kv", "SELECT x.* FROM kv x"}) {
    CAPTURE(query);
    CHECK(parse_select(query).items.size() == kv_columns.size());
  }
  CHECK(parse_select("SELECT *, key FROM kv").items.size() == kv_columns.size() + 1);
}

TEST_CASE("A name behind an operand is an alias, behind an operator it is an operand",
          "[sql][select]") {
  const auto alias = [](const std::string& item) {
    return parse_select("SELECT " + item + " FROM kv").items.at(0).alias.value_or("none");
  };
  CHECK(alias("size s") == "s");
  CHECK(alias("size \"S\"") == "s");
  CHECK(alias("size 'S'") == "s");
  CHECK(alias("(size) s") == "s");
  CHECK(alias("CASE size WHEN 1 THEN 2 END s") == "s");
  CHECK(alias("size * version") == "none");
  CHECK(alias("NOT size") == "none");
  CHECK(alias("value ISNULL") == "none");
  CHECK(alias("value IS NULL") == "none");
  CHECK(alias("value LIKE 'a'") == "none");
  CHECK(alias("CASE size WHEN 1 THEN 2 END") == "none");
}

TEST_CASE("Both forms of LIMIT, and no limit, are understood", "[sql][select]") {
  CHECK(parse_select("SELECT 1 FROM kv LIMIT 3, 4").limit == 4);
  CHECK(parse_select("SELECT 1 FROM kv LIMIT 3, 4").offset == 3);
  CHECK_FALSE(parse_select("SELECT 1 FROM kv LIMIT -1 OFFSET 2").limit);
  CHECK(parse_select("SELECT 1 FROM kv LIMIT 0").limit == 0);
  CHECK_THROWS_AS(parse_select("SELECT 1 FROM kv LIMIT 1 + 1"), Error);
  CHECK_THROWS_AS(parse_select("SELECT 1 FROM kv LIMIT 99999999999999999999"), Error);
  CHECK_THROWS_AS(parse_select("SELECT 1 FROM kv LIMIT 1.5"), Error);
}

}  // namespace pkv::sql
