#include "sql/node_query.hpp"

#include "sql/error.hpp"
#include "sql/limits.hpp"

#include <array>
#include <utility>

namespace pkv::sql {
namespace {

using Clock = std::chrono::steady_clock;

// About 20 us of SQLite's virtual machine.
constexpr int instructions_between_looks = 1000;

void set_limits(sqlite3* connection) noexcept {
  constexpr std::array<std::pair<int, int>, 11> limits{
      {{SQLITE_LIMIT_LENGTH, most_cell_bytes},
       {SQLITE_LIMIT_SQL_LENGTH, static_cast<int>(most_query_bytes) + 64},
       {SQLITE_LIMIT_COLUMN, most_columns},
       {SQLITE_LIMIT_EXPR_DEPTH, 100},
       {SQLITE_LIMIT_COMPOUND_SELECT, 1},
       {SQLITE_LIMIT_FUNCTION_ARG, 32},
       {SQLITE_LIMIT_ATTACHED, 0},
       {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 256},
       {SQLITE_LIMIT_VARIABLE_NUMBER, 0},
       {SQLITE_LIMIT_TRIGGER_DEPTH, 0},
       {SQLITE_LIMIT_WORKER_THREADS, 0}}};
  for (const auto& [limit, value] : limits)
    sqlite3_limit(connection, limit, value);
}

/// What a run leaves behind in a statement goes when it ends, however it ends.
struct Reset {
  sqlite3_stmt* statement;
  ~Reset() { sqlite3_reset(statement); }
};

}  // namespace

NodeQuery::NodeQuery(std::string_view sql) {
  if (sql.size() > most_query_bytes)
    throw Error("the query is longer than " + std::to_string(most_query_bytes) + " bytes");
  if (sql.find('\0') != std::string_view::npos) throw Error("the query contains a zero byte");
  table_.add_to(connection_.get());
  connection_.prepare("SELECT 1 FROM kv");  // makes the table, while everything is allowed
  set_limits(connection_.get());
  sqlite3_set_authorizer(connection_.get(), authorize, this);
  try {
    statement_ = connection_.prepare(sql);
  } catch (const Error& error) {
    if (!checks_.refusal.empty()) throw Error(checks_.refusal);
    throw;
  }
  if (sqlite3_stmt_readonly(statement_.get()) == 0 || columns() == 0)
    throw Error("only SELECT can be run");
  sqlite3_progress_handler(connection_.get(), instructions_between_looks, check_time, this);
}

std::uint32_t NodeQuery::columns() const noexcept {
  return static_cast<std::uint32_t>(sqlite3_column_count(statement_.get()));
}

std::uint64_t NodeQuery::run(ByteBuffer& rows) {
  table_.restart();
  timed_out_ = false;
  deadline_ = Clock::now() + most_page_time;
  const Reset reset{statement_.get()};
  const std::size_t bytes_before = rows.size();
  const int columns = sqlite3_column_count(statement_.get());
  std::uint64_t count = 0;
  try {
    for (; connection_.step(statement_.get()); ++count) {
      for (int column = 0; column < columns; ++column)
        append_cell(rows, cell_of(statement_.get(), column));
      if (rows.size() - bytes_before > most_page_bytes)
        throw Error("the rows of a few entries take more than " +
                    std::to_string(most_page_bytes >> 20) + " MiB: select less of them");
    }
  } catch (const Error&) {
    if (timed_out_)
      throw Error("the query takes more than " + std::to_string(most_page_time.count()) +
                  " ms for a few entries");
    throw;
  }
  if (table_.looked_up() && table_.scanned())
    throw Error("beside key = ..., OR needs a condition on the key too");
  return count;
}

int NodeQuery::check_time(void* self) noexcept {
  auto& query = *static_cast<NodeQuery*>(self);
  query.timed_out_ = Clock::now() > query.deadline_;
  return query.timed_out_ ? 1 : 0;
}

/// Says what a statement may do while it is compiled
/// (https://sqlite.org/c3ref/set_authorizer.html).
int NodeQuery::authorize(void* self, int action, const char* first, const char* second, const char*,
                         const char*) noexcept {
  Checks& checks = static_cast<NodeQuery*>(self)->checks_;
  const auto refuse = [&](const char* why) noexcept {
    try {
      checks.refusal = why;
    } catch (const std::bad_alloc&) {  // SQLite's words will do
    }
    return SQLITE_DENY;
  };
  const std::string_view name = first != nullptr ? first : "";
  const std::string_view other = second != nullptr ? second : "";
  switch (action) {
    case SQLITE_SELECT:
      return ++checks.selects == 1 ? SQLITE_OK : refuse("only one SELECT can be run");
    case SQLITE_READ:
      if (name != "kv") return refuse("the only table is kv");
      if (other == "value") checks.reads_values = true;
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return other == "load_extension" ? refuse("load_extension is not allowed") : SQLITE_OK;
    default:
      return refuse("only SELECT can be run");
  }
}

}  // namespace pkv::sql
