#pragma once

#include "sql/token.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace pkv::sql {

/// The call of an aggregate function within an expression.
struct AggregateCall {
  std::string function;
  bool distinct = false;
  Tokens argument;      ///< The first one; empty or * for count(*).
  Tokens separator;     ///< Of group_concat; with its comma.
  Tokens filter;        ///< FILTER (WHERE ...), whole.
  std::size_t end = 0;  ///< Behind its last token.
};

/// The aggregate call that begins at a token, if one does.
/// Errors: throws Error for one that cannot be computed in parts.
[[nodiscard]] std::optional<AggregateCall> aggregate_at(const Tokens& tokens, std::size_t at);

/// Whether there is one anywhere.
[[nodiscard]] bool has_aggregate(const Tokens& tokens);

/// Returns the column of the partial result that holds an expression, a new one if need be.
using AddColumn = std::function<std::string(const Tokens& expression)>;
/// As AddColumn, for a column that the rows are grouped by.
using AddKey = std::function<std::string(const Tokens& expression)>;

/// The expression that computes a call from its parts, which are added to the partial result.
[[nodiscard]] std::string merged_call(const AggregateCall& call, const AddColumn& add_column,
                                      const AddKey& add_key);

}  // namespace pkv::sql
