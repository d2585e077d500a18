#pragma once

#include "sql/connection.hpp"
#include "sql/split.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::sql {

/// A query, from its text to the result made of what the nodes have answered.
///
///     Merge merge("SELECT count(*) FROM kv");
///     ... run merge.split().node on all entries, in parts ...
///     merge.add(cells);                               // for each part
///     merge.visit_result([](std::span<const Cell> row) { ... });
///
/// SQLite itself checks the query and computes the result, so that types, NULLs, collations and
/// overflow are as in SQLite. Rows that do not fit into its cache are in a temporary file.
///
/// Thread safety: none.
/// Errors: throws Error.
class Merge {
 public:
  explicit Merge(std::string_view query);

  [[nodiscard]] const SplitQuery& split() const noexcept { return split_; }
  /// Of the result's columns.
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

  /// Takes rows that the node query has made, one cell after the other.
  void add(std::string_view cells);
  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  /// Whether further rows would change nothing.
  [[nodiscard]] bool has_enough() const noexcept {
    return split_.enough_rows && rows_ >= *split_.enough_rows;
  }

  /// The cells of a row are good during the visit.
  void visit_result(const std::function<void(std::span<const Cell> row)>& visit);

 private:
  void check(std::string_view query);
  void create_rows();

  Connection connection_{Connection::Place::temporary_file};
  SplitQuery split_;
  std::vector<std::string> names_;
  Statement insert_;
  int columns_ = 0;
  std::uint64_t rows_ = 0;
};

}  // namespace pkv::sql
