#include "sql/connection.hpp"

#include "sql/error.hpp"
#include "sql/token.hpp"

#include <algorithm>
#include <new>
#include <optional>

namespace pkv::sql {
namespace {

std::string_view bytes_of(sqlite3_stmt* statement, int column, const void* value) noexcept {
  const auto count = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  return {static_cast<const char*>(value), count};
}

}  // namespace

Cell cell_of(sqlite3_stmt* statement, int column) noexcept {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_TEXT:
      return Text{bytes_of(statement, column, sqlite3_column_text(statement, column))};
    case SQLITE_BLOB:
      return Blob{bytes_of(statement, column, sqlite3_column_blob(statement, column))};
    default:
      return Null{};
  }
}

Connection::Connection(Place place) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(place == Place::memory ? ":memory:" : "", &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  connection_.reset(opened);
  if (opened == nullptr) throw std::bad_alloc();
  if (code != SQLITE_OK) fail();
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
}

Statement Connection::prepare(std::string_view sql) {
  sqlite3_stmt* compiled = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v3(get(), sql.data(), static_cast<int>(sql.size()), 0, &compiled, &rest);
  Statement statement(compiled);
  if (code != SQLITE_OK) fail();
  if (compiled == nullptr) throw Error("there is no statement");
  const auto read = static_cast<std::size_t>(rest - sql.data());
  const Tokens behind = tokens_of(sql.substr(read));
  if (!std::ranges::all_of(behind, [](const Token& token) { return token.is(";"); }))
    throw Error("only one statement can be run", read);
  return statement;
}

void Connection::execute(const std::string& sql) {
  if (sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

bool Connection::step(sqlite3_stmt* statement) {
  const int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail();
  return false;
}

void Connection::run(sqlite3_stmt* statement) {
  if (step(statement)) throw Error("a statement returns rows that nobody wants");
  sqlite3_reset(statement);
}

void Connection::fail() const {
  if (sqlite3_errcode(get()) == SQLITE_NOMEM) throw std::bad_alloc();
  const int offset = sqlite3_error_offset(get());
  throw Error(sqlite3_errmsg(get()),
              offset < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(offset)));
}

}  // namespace pkv::sql
