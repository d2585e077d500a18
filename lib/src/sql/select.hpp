#pragma once

#include "sql/token.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::sql {

/// The columns of the table kv.
inline constexpr std::array<std::string_view, 5> kv_columns{"key", "value", "size", "version",
                                                            "expires_at"};
[[nodiscard]] bool is_column(std::string_view name) noexcept;

/// One SELECT over the table kv, in its clauses, as far as pkv supports it. Columns are plain words
/// in lower case, * has become all columns; names that AS gives are still to be looked up.
struct Select {
  struct Item {
    Tokens expression;
    std::optional<std::string> alias;
  };
  struct OrderTerm {
    Tokens expression;
    std::string direction;  ///< DESC NULLS LAST and the like; may be empty.
  };

  bool distinct = false;
  std::vector<Item> items;
  Tokens where;
  std::vector<Tokens> group_by;
  Tokens having;
  std::vector<OrderTerm> order_by;
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
};

/// Reads a query that SQLite has accepted.
/// Errors: throws Error, saying what is not supported.
[[nodiscard]] Select parse_select(std::string_view query);

/// Parts a list at its commas, those within parentheses aside. No tokens are no parts.
[[nodiscard]] std::vector<Tokens> split_list(const Tokens& list);

/// Where the parenthesis that opens at `open` is closed.
[[nodiscard]] std::size_t closing(const Tokens& tokens, std::size_t open) noexcept;

}  // namespace pkv::sql
