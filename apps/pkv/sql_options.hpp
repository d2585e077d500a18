#pragma once

#include <cstdint>

namespace pkv::cli {

/// How pkv sql prints a result.
enum class SqlFormat { table, csv, json };

/// What the command line says about pkv sql, beside the query.
struct SqlOptions {
  SqlFormat format = SqlFormat::table;
  bool explain = false;  ///< Show how the query is split, and run nothing.
  double seconds = 10;   ///< That the query may take.
  std::int64_t most_rows = 1'000'000;
};

}  // namespace pkv::cli
