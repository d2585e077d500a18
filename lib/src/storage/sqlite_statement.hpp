#pragma once

#include "pkv/entry.hpp"

#include <cstddef>
#include <cstdint>
#include <sqlite3.h>
#include <string_view>

namespace pkv {

/// A prepared statement of an SQLite connection.
///
/// Thread safety: none.
/// Lifetime: the connection must outlive it. Text and blobs that were bound must live until the
/// statement has been stepped for the last time; columns live until the next step() or reset().
/// Errors: the constructor throws std::runtime_error; step() returns SQLite's code.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3* connection, std::string_view sql);
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  ~SqliteStatement() { sqlite3_finalize(statement_); }

  /// Parameters are counted from 1. Requires: the statement has been reset.
  void bind(int parameter, std::uint64_t number) noexcept {
    sqlite3_bind_int64(statement_, parameter, static_cast<sqlite3_int64>(number));
  }
  void bind(int parameter, std::string_view blob) noexcept {
    // A null pointer would be NULL, which is not an empty blob.
    const char* const bytes = blob.data() != nullptr ? blob.data() : "";
    sqlite3_bind_blob64(statement_, parameter, bytes, blob.size(), SQLITE_STATIC);
  }

  /// A time; `never` is NULL.
  void bind(int parameter, Timestamp at) noexcept {
    if (at == never)
      sqlite3_bind_null(statement_, parameter);
    else
      sqlite3_bind_int64(statement_, parameter, at);
  }

  /// For what is not offered here.
  [[nodiscard]] sqlite3_stmt* get() const noexcept { return statement_; }

  /// SQLITE_ROW, SQLITE_DONE, or why not.
  [[nodiscard]] int step() noexcept { return sqlite3_step(statement_); }
  void reset() noexcept { sqlite3_reset(statement_); }
  /// For what returns no rows: steps and resets. SQLITE_DONE, or why not.
  [[nodiscard]] int run() noexcept {
    const int code = step();
    reset();
    return code;
  }

  /// Columns are counted from 0. Requires: step() returned SQLITE_ROW.
  [[nodiscard]] std::uint64_t number(int column) noexcept {
    return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
  }
  [[nodiscard]] Timestamp time(int column) noexcept {
    static_assert(never == 0);  // and so is NULL, as a number
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] std::string_view blob(int column) noexcept {
    const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace pkv
