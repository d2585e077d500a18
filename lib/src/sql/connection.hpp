#pragma once

#include "sql/rows.hpp"

#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>

namespace pkv::sql {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

/// The cell of a row that a statement has stepped to. Lives until the next step.
[[nodiscard]] Cell cell_of(sqlite3_stmt* statement, int column) noexcept;

/// A database of its own that nobody else sees.
///
/// Thread safety: none.
/// Lifetime: must outlive its statements.
/// Errors: throws Error with SQLite's words, and std::bad_alloc.
class Connection {
 public:
  enum class Place {
    memory,
    temporary_file,  ///< As far as it does not fit into a cache.
  };
  explicit Connection(Place place);

  /// Compiles one statement. What is in double quotes is a name, never a text.
  Statement prepare(std::string_view sql);
  void execute(const std::string& sql);
  /// Steps. False when there is no further row.
  [[nodiscard]] bool step(sqlite3_stmt* statement);
  /// Steps a statement that returns no rows, and resets it.
  void run(sqlite3_stmt* statement);

  [[nodiscard]] sqlite3* get() const noexcept { return connection_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
  };

  [[noreturn]] void fail() const;

  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace pkv::sql
