#include "pkv/sqlite_engine.hpp"

#include "sql/rows.hpp"
#include "support/temporary_folder.hpp"
#include "wire/querying.hpp"
#include "wire/viewing.hpp"
#include "worker/copying_support.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using namespace pkv;
using namespace pkv::test;
using wire::Opcode;
using State = wire::QueryRows::State;

namespace {

constexpr std::uint32_t number = 3;

std::unique_ptr<StorageEngine> engine_of(bool sqlite, const TemporaryFolder& folder) {
  if (!sqlite) return std::make_unique<MemoryEngine>();
  return std::make_unique<SqliteEngine>(SqliteEngineOptions{.file = folder.path() / "node.db",
                                                            .durability = Durability::none,
                                                            .log = {},
                                                            .on_fault = {}});
}

/// A node that is asked about one query.
struct Node {
  explicit Node(std::unique_ptr<StorageEngine> engine)
      : store(std::move(engine)), dispatcher(store, test::node, epoch, std::size_t{1} << 20) {}

  Answer run(Opcode opcode, const std::string& key, const std::string& value) {
    Replies replies;
    REQUIRE(dispatcher.run(request({{opcode, key, value}}, ++sequence), replies));
    return replies.all().front();
  }
  void open_view(std::uint64_t first = 0, std::uint64_t last = UINT64_MAX) {
    ByteBuffer value;
    wire::append_ranges(value, number, std::vector<wire::RingRange>{{first, last}});
    CHECK(run(Opcode::open_view, {}, std::string(value.view())) == ok());
  }
  Answer ask(Opcode opcode, const std::string& sql = {}) {
    ByteBuffer value;
    wire::append_query_request(value, {number, sql});
    return run(opcode, {}, std::string(value.view()));
  }

  KVStore store;
  Dispatcher dispatcher;
  std::uint64_t sequence = 1'000;
};

struct Result {
  std::vector<std::string> cells;
  std::uint64_t rows = 0;
  std::size_t slices = 0;
  std::string failure;
};

/// Asks for slices until there are no more.
Result rest_of(Node& node) {
  Result result;
  for (State state = State::more; state == State::more; ++result.slices) {
    const Answer answer = node.ask(Opcode::next_rows);
    const auto rows = wire::read_query_rows(answer.value);
    REQUIRE(rows);
    state = rows->state;
    result.rows += rows->rows;
    if (state == State::failed) result.failure = rows->content;
    sql::CellReader reader(state == State::failed ? std::string_view() : rows->content);
    for (sql::Cell cell; reader.next(cell);) {
      const auto* text = std::get_if<sql::Text>(&cell);
      const auto* integer = std::get_if<std::int64_t>(&cell);
      result.cells.push_back(text != nullptr      ? std::string(text->text)
                             : integer != nullptr ? std::to_string(*integer)
                                                  : "other");
    }
    CHECK(reader.complete());
  }
  return result;
}

}  // namespace

TEST_CASE("Queries: a query is run in slices over what was there when it began",
          "[worker][queries]") {
  const bool sqlite = GENERATE(false, true);
  CAPTURE(sqlite);
  const TemporaryFolder folder;
  Node node(engine_of(sqlite, folder));
  for (int i = 0; i < 1000; ++i)
    node.run(Opcode::put, "k" + std::to_string(i), "old");
  node.open_view();
  REQUIRE(wire::read_query_rows(
              node.ask(Opcode::begin_query, "SELECT count(*), max(value) FROM kv").value)
              ->state == State::more);
  node.run(Opcode::put, "k5", "young");
  node.run(Opcode::put, "another", "young");
  node.run(Opcode::clear, {}, {});
  const Result result = rest_of(node);
  CHECK(result.slices > 1);
  CHECK(result.rows == result.slices);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < result.cells.size(); i += 2) {
    count += std::stoll(result.cells[i]);
    CHECK(result.cells[i + 1] == "old");
  }
  CHECK(count == 1000);
  CHECK(wire::read_query_rows(node.ask(Opcode::next_rows).value)->state == State::done);
  CHECK(node.ask(Opcode::end_query) == ok());
  CHECK(node.ask(Opcode::next_rows) == error(errc::view_lost));
}

TEST_CASE("Queries: keys that a query names are looked up at its place in the order",
          "[worker][queries]") {
  const bool sqlite = GENERATE(false, true);
  CAPTURE(sqlite);
  const TemporaryFolder folder;
  Node node(engine_of(sqlite, folder));
  for (int i = 0; i < 1000; ++i)
    node.run(Opcode::put, "k" + std::to_string(i), "old" + std::to_string(i));
  node.open_view();
  node.ask(Opcode::begin_query,
           "SELECT key, value, size FROM kv WHERE key IN ('k7', 'k3', 'new', 'none')");
  node.run(Opcode::put, "k3", "young");
  node.run(Opcode::remove, "k7", {});
  node.run(Opcode::put, "new", "young");
  const Result result = rest_of(node);
  CHECK(result.slices == 1);
  CHECK(result.cells == std::vector<std::string>{"k3", "old3", "4", "k7", "old7", "4"});
}

TEST_CASE("Queries: only entries in the ranges of the view are seen", "[worker][queries]") {
  Node node(std::make_unique<MemoryEngine>());
  for (int i = 0; i < 100; ++i)
    node.run(Opcode::put, "k" + std::to_string(i), "v");
  std::uint64_t seen = 0;
  for (const bool low : {true, false}) {
    node.open_view(low ? 0 : UINT64_MAX / 2, low ? UINT64_MAX / 2 - 1 : UINT64_MAX);
    node.ask(Opcode::begin_query, "SELECT key FROM kv");
    seen += rest_of(node).rows;
    node.ask(Opcode::begin_query, "SELECT key FROM kv WHERE key = 'k1'");
    node.open_view(low ? 0 : UINT64_MAX / 2, low ? UINT64_MAX / 2 - 1 : UINT64_MAX);
    seen += rest_of(node).rows;
  }
  CHECK(seen == 101);
}

TEST_CASE("Queries: what is wrong with a query is told in words", "[worker][queries]") {
  Node node(std::make_unique<MemoryEngine>());
  for (int i = 0; i < 100; ++i)
    node.run(Opcode::put, "k" + std::to_string(i), "v");
  node.open_view();
  const Answer wrong = node.ask(Opcode::begin_query, "DELETE FROM kv");
  CHECK(wire::read_query_rows(wrong.value)->state == State::failed);
  CHECK(wire::read_query_rows(wrong.value)->content == "table kv may not be modified");
  CHECK(node.ask(Opcode::next_rows) == error(errc::view_lost));
  node.ask(Opcode::begin_query, "SELECT sum(9223372036854775807) FROM kv");
  CHECK(rest_of(node).failure == "integer overflow");
  CHECK(node.run(Opcode::get, "k1", {}) == value("v"));
}

TEST_CASE("Queries: large values are left aside by a query that does not look at them",
          "[worker][queries]") {
  Node node(std::make_unique<MemoryEngine>());
  for (int i = 0; i < 20; ++i)
    node.run(Opcode::put, "k" + std::to_string(i), std::string(std::size_t{3} << 20, 'v'));
  node.open_view();
  node.ask(Opcode::begin_query, "SELECT max(size) FROM kv");
  CHECK(rest_of(node).failure.empty());
  node.open_view();
  node.ask(Opcode::begin_query, "SELECT max(length(value)) FROM kv");
  CHECK(rest_of(node).failure == "string or blob too big");
}

TEST_CASE("Queries: an operation that is cut off, or names no query, does nothing",
          "[worker][queries]") {
  Node node(std::make_unique<MemoryEngine>());
  for (const Opcode opcode : {Opcode::begin_query, Opcode::next_rows, Opcode::end_query})
    for (std::size_t bytes = 0; bytes < 4; ++bytes)
      CHECK(node.run(opcode, {}, std::string(bytes, '\1')) == error(errc::malformed_frame));
  CHECK(node.ask(Opcode::next_rows) == error(errc::view_lost));
  CHECK(node.ask(Opcode::end_query) == ok());
  node.ask(Opcode::begin_query, "SELECT key FROM kv");
  CHECK(node.ask(Opcode::next_rows) == error(errc::view_lost));  // without a view
}
