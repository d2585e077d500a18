#include "integration/client_program.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace pkv::test;
using Catch::Matchers::Contains;

namespace {

void fill(const ClientProgram& pkv) {
  std::string lines;
  for (int i = 0; i < 500; ++i)
    lines +=
        "SET user:" + std::to_string(i) + " " + std::string(std::size_t(1 + i % 5), 'v') + "\n";
  REQUIRE(pkv.feed(lines).exit_status == 0);
}

}  // namespace

TEST_CASE("pkv sql: answers for the whole store", "[pkv][sql]") {
  ClientProgram pkv;
  fill(pkv);
  const Outcome groups = pkv.run(
      {"sql", "SELECT size, count(*) AS n, avg(size) FROM kv GROUP BY 1 ORDER BY 1 DESC LIMIT 2"});
  CHECK(groups.exit_status == 0);
  CHECK(groups.output ==
        "size  n    avg(size)\n"
        "   5  100        5.0\n"
        "   4  100        4.0\n");
  CHECK(pkv.run({"sql", "SELECT value, typeof(expires_at) FROM kv WHERE key = 'user:7'"}).output ==
        "value  typeof(expires_at)\nvvv    null\n");
  CHECK(pkv.run({"sql", "--csv", "SELECT count(*) FROM kv WHERE 0"}).output == "count(*)\n0\n");
  CHECK(pkv.run({"sql", "--csv", "SELECT count(*) c FROM (kv)"}).exit_status == 1);
}

TEST_CASE("pkv sql: a query comes as a word, from a file or from standard input", "[pkv][sql]") {
  ClientProgram pkv;
  const std::string query = "SELECT count(*)\nFROM kv; -- all of them\n";
  CHECK(pkv.run({"sql"}, query).output == "count(*)\n       0\n");
  CHECK(pkv.run({"sql", "-"}, query).output == "count(*)\n       0\n");
  CHECK(pkv.run({"sql", query}).output == "count(*)\n       0\n");
  CHECK(pkv.shell("echo 'SELECT 1 FROM kv' > pkv_sql_test.sql; $PKV sql --csv @pkv_sql_test.sql; "
                  "rm pkv_sql_test.sql")
            .output == "1\n");
}

TEST_CASE("pkv sql: CSV and JSON keep every value", "[pkv][sql]") {
  ClientProgram pkv;
  REQUIRE(pkv.run({"put", "a", "x, \"y\"\n\t\\z"}).exit_status == 0);
  REQUIRE(pkv.run({"put", "b", "-"}, std::string("\0\xff", 2)).exit_status == 0);
  REQUIRE(pkv.feed("SET c \"\"\n").exit_status == 0);
  const std::string query =
      "SELECT key, value, NULL AS \"no,thing\", 0.5 * size AS half FROM kv ORDER BY key";
  CHECK(pkv.run({"sql", "--csv", query}).output ==
        "key,value,\"no,thing\",half\n"
        "a,\"x, \"\"y\"\"\n\t\\z\",,5.0\n"
        "b,x'00ff',,1.0\n"
        "c,\"\",,0.0\n");
  CHECK(pkv.run({"sql", "--json", query}).output ==
        "[{\"key\":\"a\",\"value\":\"x, \\\"y\\\"\\n\\t\\\\z\",\"no,thing\":null,\"half\":5.0},\n"
        "{\"key\":\"b\",\"value\":{\"hex\":\"00ff\"},\"no,thing\":null,\"half\":1.0},\n"
        "{\"key\":\"c\",\"value\":\"\",\"no,thing\":null,\"half\":0.0}]\n");
  CHECK(pkv.run({"sql", "--json", "SELECT key FROM kv WHERE 0"}).output == "[]\n");
}

TEST_CASE("pkv sql: says what is wrong, and where", "[pkv][sql]") {
  ClientProgram pkv;
  fill(pkv);
  const Outcome typo = pkv.run({"sql", "SELECT key\nFROM kv WERE size"});
  CHECK(typo.exit_status == 1);
  CHECK(typo.output.empty());
  CHECK(typo.errors ==
        "error: near \"size\": syntax error\n"
        "  FROM kv WERE size\n"
        "               ^\n");
  CHECK_THAT(pkv.run({"sql", "DELETE FROM kv"}).errors, Contains("reads only"));
  CHECK_THAT(pkv.run({"sql", "SELECT * FROM kv a, kv b"}).errors, Contains("joins"));
  CHECK_THAT(pkv.run({"sql", "SELECT sum(9223372036854775807) FROM kv"}).errors,
             Contains("integer overflow"));
  CHECK_THAT(pkv.run({"sql", "--max-rows", "10", "SELECT key FROM kv"}).errors,
             Contains("more than 10 rows"));
  CHECK_THAT(pkv.run({"sql"}, "").errors, Contains("statement"));
  CHECK(pkv.run({"sql", "--max-rows", "0", "SELECT 1 FROM kv"}).exit_status == 2);
  CHECK(pkv.run({"sql"}, std::string(1 << 20, '(')).exit_status == 1);
  CHECK(pkv.run({"sql"}, std::string("SELECT 1\0 FROM kv", 17)).exit_status == 1);
}

TEST_CASE("pkv sql: stops when it has the rows that it needs", "[pkv][sql]") {
  ClientProgram pkv;
  fill(pkv);
  const Outcome some = pkv.run({"sql", "--csv", "--max-rows", "400", "SELECT key FROM kv LIMIT 3"});
  CHECK(some.exit_status == 0);
  CHECK(std::count(some.output.begin(), some.output.end(), '\n') == 4);
  CHECK(pkv.run({"sql", "--csv", "SELECT key FROM kv LIMIT 0"}).output == "key\n");
}

TEST_CASE("pkv sql: explains without a server", "[pkv][sql]") {
  const Outcome explained = run_program({PKV_PROGRAM, "--port", std::to_string(unused_port()),
                                         "sql", "--explain", "SELECT avg(size) FROM kv"});
  CHECK(explained.exit_status == 0);
  CHECK(explained.output ==
        "each node:  SELECT total ( size ) AS c0, count ( size ) AS c1 FROM kv\n"
        "merge:      SELECT (sum(c0) / sum(c1)) FROM rows\n");
}
