#pragma once

#include "output.hpp"
#include "sql/rows.hpp"
#include "sql_options.hpp"

#include <span>
#include <string>
#include <vector>

namespace pkv::cli {

/// Prints the result of a query, row by row.
///
/// NULL is `NULL` in a table, nothing in CSV and null in JSON. A blob is x'...' in hexadecimal
/// digits, and in JSON {"hex":"..."}.
///
/// Thread safety: none. Lifetime: `output` must outlive it. A table is printed by finish(), as the
/// columns' widths are known last.
class SqlResult {
 public:
  SqlResult(SqlFormat format, std::vector<std::string> names, Output& output);

  void add(std::span<const sql::Cell> row);
  void finish();

 private:
  SqlFormat format_;
  std::vector<std::string> names_;
  Output& output_;
  std::vector<std::vector<std::string>> table_;
  std::size_t rows_ = 0;
};

}  // namespace pkv::cli
