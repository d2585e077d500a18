#pragma once

#include "sql/entry_source.hpp"

#include <cstdint>
#include <sqlite3.h>
#include <string>

namespace pkv::sql {

/// The table kv, as a virtual table of SQLite (https://sqlite.org/vtab.html) over one page of
/// entries, or over those that a query names by their keys.
///
///     KvTable table;
///     table.add_to(connection);
///     table.page.add(...); table.find = ...;     // then step a statement
///
/// Where a query asks for key = ..., the keys are looked up, and the page is not looked at.
/// looked_up() tells afterwards.
///
/// Thread safety: none. Lifetime: must outlive the connection. What a cell of a row is made of must
/// not change until the statement has been reset.
class KvTable {
 public:
  KvTable() = default;
  KvTable(const KvTable&) = delete;
  KvTable& operator=(const KvTable&) = delete;

  /// Throws Error.
  void add_to(sqlite3* connection);

  EntryPage page;
  FindEntry find;

  [[nodiscard]] bool looked_up() const noexcept { return looked_up_; }
  [[nodiscard]] bool scanned() const noexcept { return scanned_; }
  /// Before a statement is run anew.
  void restart() noexcept {
    found_.clear();
    looked_up_ = scanned_ = false;
  }

 private:
  friend struct KvTableModule;

  EntryPage found_;  // looked up
  bool looked_up_ = false;
  bool scanned_ = false;
};

}  // namespace pkv::sql
