#pragma once

#include "base/byte_buffer.hpp"
#include "sql/connection.hpp"
#include "sql/kv_table.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pkv::sql {

/// A query that a node runs on its entries, page after page, as if each page were all there is.
///
///     NodeQuery query("SELECT count(*) FROM kv");
///     do {
///       query.page().clear(); ...                    // the next entries
///       query.run(rows);
///     } while (... && !query.is_look_up());
///
/// It can do nothing but read the table kv and compute: no files, no other tables, no settings, and
/// not more of anything than sql/limits.hpp says. A run keeps nothing for the next one.
///
/// Thread safety: none.
/// Errors: throws Error, with SQLite's words where they are SQLite's, and std::bad_alloc.
class NodeQuery {
 public:
  explicit NodeQuery(std::string_view sql);

  [[nodiscard]] std::uint32_t columns() const noexcept;
  /// Whether it looks at values at all.
  [[nodiscard]] bool reads_values() const noexcept { return checks_.reads_values; }

  /// What the next run is about.
  [[nodiscard]] EntryPage& page() noexcept { return table_.page; }
  /// How entries are found that the query names by their keys.
  void find_with(FindEntry find) { table_.find = std::move(find); }

  /// Appends the cells of the rows that the query makes of the page; returns how many rows.
  std::uint64_t run(ByteBuffer& rows);
  /// After a run: the query names its keys. It has been run on their entries, and not on the page,
  /// and there is nothing more to do.
  [[nodiscard]] bool is_look_up() const noexcept { return table_.looked_up(); }

 private:
  /// What SQLite asks about while it compiles a query.
  struct Checks {
    bool reads_values = false;
    int selects = 0;
    std::string refusal;
  };

  static int authorize(void* self, int action, const char* first, const char* second,
                       const char* database, const char* trigger) noexcept;
  static int check_time(void* self) noexcept;

  KvTable table_;
  Connection connection_{Connection::Place::memory};
  Checks checks_;
  Statement statement_;
  std::chrono::steady_clock::time_point deadline_;
  bool timed_out_ = false;
};

}  // namespace pkv::sql
