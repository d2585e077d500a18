#include "sql/aggregate.hpp"

#include "sql/error.hpp"
#include "sql/select.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pkv::sql {
namespace {

using Kind = Token::Kind;

constexpr std::array<std::string_view, 7> supported{"count", "sum", "total",       "avg",
                                                    "min",   "max", "group_concat"};

Tokens part(const Tokens& tokens, std::size_t begin, std::size_t end) {
  return {tokens.begin() + static_cast<std::ptrdiff_t>(begin),
          tokens.begin() + static_cast<std::ptrdiff_t>(end)};
}

void read_arguments(AggregateCall& call, Tokens arguments, const Token& name) {
  for (const Token& token : arguments)
    if (token.is("collate"))
      throw Error("COLLATE within an aggregate is not supported", token.offset);
  if (!arguments.empty() && arguments[0].is("distinct")) {
    call.distinct = true;
    arguments.erase(arguments.begin());
  }
  std::vector<Tokens> list = split_list(arguments);
  if (list.size() > 1) {
    call.separator = {{Kind::symbol, ",", 0}};
    call.separator.insert(call.separator.end(), list[1].begin(), list[1].end());
    if (list[1].size() != 1 || list[1][0].kind != Kind::text)
      throw Error("the separator of group_concat must be a text in quotes", name.offset);
  }
  if (!list.empty()) call.argument = std::move(list[0]);
  if (call.distinct && call.function == "group_concat")
    throw Error("group_concat(DISTINCT ...) is not supported", name.offset);
}

/// The call of a function on the argument, as a node computes it.
Tokens partial(const char* function, const AggregateCall& call) {
  Tokens tokens{{Kind::word, function, 0}, {Kind::symbol, "(", 0}};
  const auto append = [&](const Tokens& more) {
    tokens.insert(tokens.end(), more.begin(), more.end());
  };
  append(call.argument);
  append(call.separator);
  tokens.push_back({Kind::symbol, ")", 0});
  append(call.filter);
  return tokens;
}

std::string merged_distinct(const AggregateCall& call, const AddKey& add_key) {
  if (!call.filter.empty())
    throw Error("FILTER is not supported for DISTINCT aggregates", call.filter[0].offset);
  return call.function + "(DISTINCT " + add_key(call.argument) + ")";
}

}  // namespace

std::optional<AggregateCall> aggregate_at(const Tokens& tokens, std::size_t at) {
  if (tokens[at].kind != Kind::word || at + 1 >= tokens.size() || !tokens[at + 1].is("("))
    return std::nullopt;
  AggregateCall call;
  call.function = tokens[at].name();
  if (call.function == "json_group_array" || call.function == "json_group_object")
    throw Error(call.function + " is not supported", tokens[at].offset);
  if (std::ranges::find(supported, call.function) == supported.end()) return std::nullopt;
  const std::size_t close = closing(tokens, at + 1);
  Tokens arguments = part(tokens, at + 2, close);
  const bool smallest = call.function == "min" || call.function == "max";
  if (smallest && split_list(arguments).size() > 1) return std::nullopt;  // of one row
  read_arguments(call, std::move(arguments), tokens[at]);
  call.end = close + 1;
  if (call.end + 1 < tokens.size() && tokens[call.end].is("filter")) {
    const std::size_t filter_end = closing(tokens, call.end + 1) + 1;
    call.filter = part(tokens, call.end, filter_end);
    call.end = filter_end;
  }
  return call;
}

bool has_aggregate(const Tokens& tokens) {
  for (std::size_t at = 0; at < tokens.size(); ++at)
    if (aggregate_at(tokens, at)) return true;
  return false;
}

std::string merged_call(const AggregateCall& call, const AddColumn& add_column,
                        const AddKey& add_key) {
  const std::string& function = call.function;
  const bool smallest = function == "min" || function == "max";
  if (call.distinct && !smallest) return merged_distinct(call, add_key);
  if (function == "avg") {
    const std::string sum = add_column(partial("total", call));
    const std::string count = add_column(partial("count", call));
    return "(sum(" + sum + ") / sum(" + count + "))";  // NULL, where there is nothing
  }
  const std::string column = add_column(partial(function.c_str(), call));
  if (function == "count") return "coalesce(sum(" + column + "), 0)";
  if (function == "group_concat") return "group_concat(" + column + to_text(call.separator) + ")";
  return function + "(" + column + ")";
}

}  // namespace pkv::sql
