#pragma once

#include <chrono>
#include <cstddef>

/// What a query may be, and cost.
namespace pkv::sql {

/// Longer queries are refused: a node parses them while its other work waits.
inline constexpr std::size_t most_query_bytes = std::size_t{64} << 10;
/// Of the result, and of what nodes answer.
inline constexpr int most_columns = 64;
/// No text or blob that a query looks at or makes may be longer.
inline constexpr int most_cell_bytes = 2 << 20;
/// A query that takes longer for one page of entries is given up.
inline constexpr std::chrono::milliseconds most_page_time{250};
/// A query that makes more than this of one page of entries is given up.
inline constexpr std::size_t most_page_bytes = std::size_t{16} << 20;

}  // namespace pkv::sql
