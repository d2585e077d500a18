#pragma once

#include "base/byte_buffer.hpp"
#include "base/endian.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

/// What the operations of queries in SQL carry. A query has a number, which is that of the view of
/// the node's entries that it reads. All numbers are little-endian.
namespace pkv::wire {

/// The value of Opcode::begin_query, next_rows and end_query: the query's number (4), and of the
/// first the query itself.
struct QueryRequest {
  std::uint32_t number = 0;
  std::string_view sql;
};

inline void append_query_request(ByteBuffer& to, const QueryRequest& request) {
  char* const at = store(to.extend(sizeof request.number + request.sql.size()), request.number);
  if (!request.sql.empty()) std::memcpy(at, request.sql.data(), request.sql.size());
}

[[nodiscard]] inline std::optional<QueryRequest> read_query_request(
    std::string_view value) noexcept {
  QueryRequest request;
  if (value.size() < sizeof request.number) return std::nullopt;
  request.number = load<std::uint32_t>(value.data());
  request.sql = value.substr(sizeof request.number);
  return request;
}

/// The answer to Opcode::begin_query and next_rows: state (1), rows (8), then the cells of the rows
/// (see sql/rows.hpp), or why the query has failed, in words.
struct QueryRows {
  enum class State : std::uint8_t { more = 0, done = 1, failed = 2 };

  State state = State::more;
  std::uint64_t rows = 0;
  std::string_view content;
};

inline constexpr std::size_t query_rows_head_bytes = 9;

/// Writes the head, for which `to` has room; what it says is known last.
inline void store_query_rows_head(char* to, QueryRows::State state, std::uint64_t rows) noexcept {
  store(store(to, static_cast<std::uint8_t>(state)), rows);
}

[[nodiscard]] inline std::optional<QueryRows> read_query_rows(std::string_view value) noexcept {
  if (value.size() < query_rows_head_bytes) return std::nullopt;
  const auto state = load<std::uint8_t>(value.data());
  if (state > static_cast<std::uint8_t>(QueryRows::State::failed)) return std::nullopt;
  return QueryRows{static_cast<QueryRows::State>(state), load<std::uint64_t>(value.data() + 1),
                   value.substr(query_rows_head_bytes)};
}

}  // namespace pkv::wire
