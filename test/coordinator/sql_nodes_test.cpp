#include "coordinator/rig.hpp"
#include "sql/merge.hpp"

#include <catch2/catch.hpp>

#include <charconv>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace pkv;
using test::encoded;
using test::Rig;
using test::TestClient;

namespace {

/// The number in ":12\r\n", and in what follows the same letter elsewhere.
std::size_t number_behind(std::string_view& rest) {
  std::size_t number = 0;
  std::from_chars(rest.data() + 1, rest.data() + rest.size(), number);
  rest.remove_prefix(rest.find("\r\n") + 2);
  return number;
}

std::string begin(Rig& rig, TestClient& client, const std::string& sql) {
  std::string answer = ask_words(rig, client, {"SQLNODES", "BEGIN", sql});
  REQUIRE(answer.starts_with(":"));
  return answer.substr(1, answer.size() - 3);
}

/// Adds the rows of one answer; returns whether there are more.
bool take_rows(std::string_view answer, sql::Merge& merge) {
  REQUIRE(answer.starts_with("*"));
  std::size_t parts = number_behind(answer);
  const bool more = number_behind(answer) != 0;
  while (--parts > 0) {
    const std::size_t bytes = number_behind(answer);
    merge.add(answer.substr(0, bytes));
    answer.remove_prefix(bytes + 2);
  }
  CHECK(answer.empty());
  return more;
}

std::vector<std::string> result_of(sql::Merge& merge) {
  std::vector<std::string> cells;
  merge.visit_result([&](std::span<const sql::Cell> row) {
    for (const sql::Cell& cell : row) {
      if (const auto* integer = std::get_if<std::int64_t>(&cell))
        cells.push_back(std::to_string(*integer));
      else if (const auto* text = std::get_if<sql::Text>(&cell))
        cells.emplace_back(text->text);
      else
        cells.emplace_back("other");
    }
  });
  return cells;
}

void fetch(Rig& rig, TestClient& client, const std::string& id, sql::Merge& merge) {
  while (take_rows(ask_words(rig, client, {"SQLNODES", "NEXT", id}), merge)) {
  }
}

std::vector<std::string> result_of(Rig& rig, TestClient& client, const std::string& query) {
  sql::Merge merge(query);
  const std::string id = begin(rig, client, merge.split().node);
  fetch(rig, client, id, merge);
  CHECK(ask_words(rig, client, {"SQLNODES", "END", id}) == "+OK\r\n");
  return result_of(merge);
}

void fill(Rig& rig, TestClient& client, int entries) {
  for (int i = 0; i < entries; ++i)
    client.send(encoded({"SET", "k" + std::to_string(i), std::string(std::size_t(i % 10), 'v')}));
  rig.settle();
  client.take();
}

}  // namespace

TEST_CASE("SQLNODES: every entry is seen once, however many copies there are",
          "[coordinator][sql]") {
  const std::size_t replicas = GENERATE(1U, 2U, 3U);
  Rig rig(4, {}, replicas);
  TestClient client(rig);
  fill(rig, client, 1000);
  CHECK(result_of(rig, client, "SELECT count(*), sum(size), count(DISTINCT key) FROM kv") ==
        std::vector<std::string>{"1000", "4500", "1000"});
  CHECK(result_of(rig, client, "SELECT size, count(*) FROM kv GROUP BY size ORDER BY 1 LIMIT 2") ==
        std::vector<std::string>{"0", "100", "1", "100"});
  CHECK(result_of(rig, client, "SELECT key FROM kv ORDER BY size DESC, key LIMIT 2") ==
        std::vector<std::string>{"k109", "k119"});
  CHECK(result_of(rig, client, "SELECT key, value FROM kv WHERE key IN ('k3', 'none')") ==
        std::vector<std::string>{"k3", "vvv"});
}

TEST_CASE("SQLNODES: all rows are those of the query's place in the order", "[coordinator][sql]") {
  Rig rig(3, {}, 2);
  TestClient client(rig);
  fill(rig, client, 500);
  sql::Merge merge("SELECT count(*), sum(size) FROM kv");
  const std::string id = begin(rig, client, merge.split().node);
  sql::Merge key("SELECT value FROM kv WHERE key = 'k5'");
  const std::string key_id = begin(rig, client, key.split().node);
  CHECK(ask_words(rig, client, {"SET", "k5", "new"}) == "+OK\r\n");
  CHECK(ask_words(rig, client, {"SET", "another", "new"}) == "+OK\r\n");
  CHECK(take_rows(ask_words(rig, client, {"SQLNODES", "NEXT", id}), merge));
  CHECK(ask_words(rig, client, {"FLUSHALL"}) == "+OK\r\n");
  fetch(rig, client, id, merge);
  fetch(rig, client, key_id, key);
  CHECK(result_of(merge) == std::vector<std::string>{"500", "2250"});
  CHECK(result_of(key) == std::vector<std::string>{"vvvvv"});
}

TEST_CASE("SQLNODES: what is wrong with a query is told, and ends it", "[coordinator][sql]") {
  Rig rig;
  TestClient client(rig);
  fill(rig, client, 100);
  // More often than there is room for, here or at the nodes.
  for (int round = 0; round < 20; ++round) {
    REQUIRE(ask_words(rig, client, {"SQLNODES", "BEGIN", "SELECT nothing_such FROM kv"}) ==
            "-ERR SQL: no such column: nothing_such\r\n");
    const std::string id = begin(rig, client, "SELECT sum(9223372036854775807) FROM kv");
    REQUIRE(ask_words(rig, client, {"SQLNODES", "NEXT", id}) == "-ERR SQL: integer overflow\r\n");
    REQUIRE(ask_words(rig, client, {"SQLNODES", "NEXT", id}).starts_with("-TIMEOUT "));
  }
}

TEST_CASE("SQLNODES: a query that is over leaves room for others", "[coordinator][sql]") {
  Rig rig;
  TestClient client(rig);
  const std::string query = "SELECT key FROM kv";
  for (int round = 0; round < 20; ++round)
    REQUIRE(ask_words(rig, client, {"SQLNODES", "END", begin(rig, client, query)}) == "+OK\r\n");
  {
    TestClient other(rig, 2);
    for (std::size_t i = 0; i < NodeQueries::most_queries; ++i)
      begin(rig, other, query);
    CHECK(ask_words(rig, client, {"SQLNODES", "BEGIN", query}).starts_with("-BUSY "));
  }
  rig.settle();
  const std::string id = begin(rig, client, query);
  TestClient stranger(rig, 3);
  CHECK(ask_words(rig, stranger, {"SQLNODES", "NEXT", id}).starts_with("-TIMEOUT "));
  CHECK(ask_words(rig, stranger, {"SQLNODES", "END", id}).starts_with("-TIMEOUT "));
  CHECK(ask_words(rig, client, {"SQLNODES", "NEXT", id}).starts_with("*"));
}

TEST_CASE("SQLNODES: a query ends at its limit of rows", "[coordinator][sql]") {
  Rig rig;
  TestClient client(rig);
  fill(rig, client, 50);
  for (const int most : {49, 50}) {
    CAPTURE(most);
    ask_words(rig, client,
              {"SQLNODES", "BEGIN", "SELECT key FROM kv", "MAXROWS", std::to_string(most)});
    const std::string id = std::to_string(most - 48);
    std::string answer = "*2\r\n:1\r\n";
    while (answer.starts_with("*") && answer.find("\r\n:1\r\n") != std::string::npos)
      answer = ask_words(rig, client, {"SQLNODES", "NEXT", id});
    CHECK(answer.starts_with(most == 49 ? "-TOOMANY " : "*"));
  }
}

TEST_CASE("SQLNODES: a query ends at its limit of time", "[coordinator][sql]") {
  Rig rig;
  TestClient client(rig);
  CHECK_FALSE(rig.service.next_deadline());
  CHECK(ask_words(rig, client, {"SQLNODES", "BEGIN", "SELECT key FROM kv", "TIMEOUT", "60000"}) ==
        ":1\r\n");
  CHECK(ask_words(rig, client, {"SQLNODES", "BEGIN", "SELECT key FROM kv", "timeout", "1"}) ==
        ":2\r\n");
  REQUIRE(rig.service.next_deadline());
  while (*rig.service.next_deadline() > rig.coordinator.now())
    rig.coordinator.update_clock();
  rig.service.expire();
  CHECK(ask_words(rig, client, {"SQLNODES", "NEXT", "2"}).starts_with("-TIMEOUT "));
  CHECK(ask_words(rig, client, {"SQLNODES", "NEXT", "1"}).starts_with("*"));
  CHECK(*rig.service.next_deadline() > rig.coordinator.now() + std::chrono::seconds(50));
}

TEST_CASE("SQLNODES: a query does not survive a node", "[coordinator][sql]") {
  const std::size_t replicas = GENERATE(1U, 2U);
  Rig rig(3, {}, replicas);
  TestClient client(rig);
  fill(rig, client, 1000);
  const std::string id = begin(rig, client, "SELECT key FROM kv");
  lose(rig, 1);
  CHECK(ask_words(rig, client, {"SQLNODES", "NEXT", id}).starts_with("-NODEDOWN "));
  CHECK(ask_words(rig, client, {"SQLNODES", "NEXT", id}).starts_with("-TIMEOUT "));
  if (replicas == 1) {
    CHECK(ask_words(rig, client, {"SQLNODES", "BEGIN", "SELECT key FROM kv"})
              .starts_with("-NODEDOWN "));
  } else {
    CHECK(result_of(rig, client, "SELECT count(*) FROM kv") == std::vector<std::string>{"1000"});
  }
}

TEST_CASE("SQLNODES: a node that is lost under a query is told of", "[coordinator][sql]") {
  Rig rig(3, {}, 2);
  TestClient client(rig);
  fill(rig, client, 100);
  const std::string id = begin(rig, client, "SELECT key FROM kv");
  rig.transport.by_hand();
  client.send(encoded({"SQLNODES", "NEXT", id}));
  rig.turn();
  lose(rig, 1);
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take().starts_with("-NODEDOWN "));
}

TEST_CASE("SQLNODES: slices of a query are asked for one after the other", "[coordinator][sql]") {
  Rig rig;
  TestClient client(rig);
  fill(rig, client, 1000);
  const std::string id = begin(rig, client, "SELECT count(*) FROM kv");
  const std::string next = encoded({"SQLNODES", "NEXT", id});
  client.send(next + next);
  rig.settle();
  const std::string answers = client.take();
  CHECK(answers.starts_with("*"));
  CHECK(answers.find("-BUSY ") != std::string::npos);
  CHECK(ask_words(rig, client, {"SQLNODES", "NEXT", id}).starts_with("*"));
}

TEST_CASE("SQLNODES: what makes no sense is refused", "[coordinator][sql]") {
  Rig rig;
  TestClient client(rig);
  const std::string query = "SELECT key FROM kv";
  CHECK(ask_words(rig, client, {"SQLNODES", "RUN", query}).starts_with("-ERR unknown subcommand"));
  CHECK(ask_words(rig, client, {"SQLNODES", "NEXT"}).starts_with("-ERR wrong number of arguments"));
  CHECK(ask_words(rig, client, {"SQLNODES", "NEXT", "1", "2"}).starts_with("-ERR wrong number"));
  CHECK(ask_words(rig, client, {"SQLNODES", "NEXT", "x"})
            .starts_with("-ERR value is not an integer"));
  CHECK(ask_words(rig, client, {"SQLNODES", "END", "-1"}).starts_with("-TIMEOUT "));
  for (const std::vector<std::string>& options : {std::vector<std::string>{"TIMEOUT"},
                                                  {"TIMEOUT", "0"},
                                                  {"TIMEOUT", "3600001"},
                                                  {"MAXROWS", "x"},
                                                  {"FASTER", "1"}}) {
    std::vector<std::string> words{"SQLNODES", "BEGIN", query};
    words.insert(words.end(), options.begin(), options.end());
    CHECK(ask_words(rig, client, words) == "-ERR syntax error\r\n");
  }
  CHECK(
      ask_words(rig, client, {"SQLNODES", "BEGIN", std::string(70'000, 'x')}).starts_with("-ERR "));
  CHECK(ask_words(rig, client, {"SQLNODES", "BEGIN", "DELETE FROM kv"}).starts_with("-ERR SQL: "));
  CHECK(ask_words(rig, client, {"SQLNODES", "BEGIN", std::string("SELECT 1\0", 9)}) ==
        "-ERR SQL: the query contains a zero byte\r\n");
  CHECK(ask_words(rig, client, {"SQLNODES", "BEGIN", "SELECT \"a\r\n+OK\" FROM kv"})
            .starts_with("-ERR SQL: "));
  CHECK(client.take().empty());
}
