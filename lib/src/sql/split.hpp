#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pkv::sql {

/// A query as two: one that each node runs, on one part of its entries after the other, and one
/// that makes the result of all the rows that come of it.
///
/// How the entries are parted does not matter to the result. Rows that fulfil WHERE are computed
/// where the entries are; groups come as partial aggregates, which the second query adds up:
///
///     SELECT value, avg(size) FROM kv GROUP BY 1 ORDER BY 2 LIMIT 3
///     node:   SELECT value AS c0, total(size) AS c1, count(size) AS c2 FROM kv GROUP BY c0
///     merge:  SELECT c0, (sum(c1) / sum(c2)) FROM rows GROUP BY c0 ORDER BY 2 LIMIT 3
struct SplitQuery {
  std::string node;
  std::string merge;  ///< Over the table `rows`, which has the node query's columns.
  /// So many rows of any nodes are enough.
  std::optional<std::uint64_t> enough_rows;
};

/// Splits a query that SQLite has accepted for the table kv.
/// Errors: throws Error, saying what is not supported.
[[nodiscard]] SplitQuery split_query(std::string_view query);

}  // namespace pkv::sql
