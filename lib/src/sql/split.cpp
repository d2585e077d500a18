#include "sql/split.hpp"

#include "sql/aggregate.hpp"
#include "sql/error.hpp"
#include "sql/names.hpp"
#include "sql/select.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace pkv::sql {
namespace {

using Kind = Token::Kind;

constexpr const char* distinct_order = "with DISTINCT, ORDER BY takes what is selected";

/// An expression and how its texts compare. What COLLATE says goes with the value only as long as
/// it is one query.
struct Collated {
  Tokens expression;
  std::string collation;  ///< " COLLATE name", or empty.
};

Collated collated(Tokens expression) {
  std::string collation;
  const std::size_t count = expression.size();
  if (count > 2 && expression[count - 2].is("collate")) {
    collation = " COLLATE " + expression.back().text;
    expression.resize(count - 2);
  }
  for (const Token& token : expression)
    if (token.is("collate"))
      throw Error("COLLATE is supported in WHERE, and at the end of other expressions",
                  token.offset);
  return {std::move(expression), std::move(collation)};
}

/// The columns of the rows that the nodes answer.
class Columns {
 public:
  /// The name of the column that holds an expression.
  std::string add(const Tokens& expression) {
    auto found = std::ranges::find(expressions_, expression);
    if (found == expressions_.end()) {
      expressions_.push_back(expression);
      found = expressions_.end() - 1;
    }
    return "c" + std::to_string(found - expressions_.begin());
  }

  /// "a + b AS c0, d AS c1"
  [[nodiscard]] std::string list() const {
    std::string list;
    for (std::size_t i = 0; i < expressions_.size(); ++i)
      list += (i == 0 ? "" : ", ") + to_text(expressions_[i]) + " AS c" + std::to_string(i);
    return list.empty() ? "NULL AS c0" : list;
  }

 private:
  std::vector<Tokens> expressions_;
};

std::string comma_list(const std::vector<std::string>& parts) {
  std::string list;
  for (const std::string& part : parts)
    list += (list.empty() ? "" : ", ") + part;
  return list;
}

std::string clause(const char* name, const std::string& content) {
  return content.empty() ? std::string() : std::string(" ") + name + " " + content;
}

std::string limit_clause(const Select& select) {
  if (!select.limit && select.offset == 0) return {};
  return " LIMIT " + (select.limit ? std::to_string(*select.limit) : "-1") + " OFFSET " +
         std::to_string(select.offset);
}

/// The clause ORDER BY of both queries, over the columns that hold what is ordered by.
std::string order_of_rows(const Select& select, const std::vector<std::string>& items,
                          Columns& columns) {
  std::vector<std::string> order;
  for (const Select::OrderTerm& term : select.order_by) {
    const Collated value = collated(term.expression);
    const std::string column = columns.add(value.expression);
    const auto is_item = [&](const std::string& item) {
      return item == column || item.starts_with(column + " ");
    };
    if (select.distinct && std::ranges::none_of(items, is_item))
      throw Error(distinct_order, term.expression[0].offset);
    order.push_back(column + value.collation + " " + term.direction);
  }
  return clause("ORDER BY", comma_list(order));
}

/// Splits a query of rows, each of which comes of one entry.
SplitQuery split_rows(const Select& select) {
  Columns columns;
  std::vector<std::string> items;
  bool collates = false;
  for (const Select::Item& item : select.items) {
    const Collated value = collated(item.expression);
    items.push_back(columns.add(value.expression) + value.collation);
    collates = collates || !value.collation.empty();
  }
  const std::string order = order_of_rows(select, items, columns);
  const std::string what = select.distinct ? "SELECT DISTINCT " : "SELECT ";
  SplitQuery split;
  split.node = what + columns.list() + " FROM kv" + clause("WHERE", to_text(select.where));
  // The first in the order come into question. But a node tells rows apart that only a collation
  // makes equal, so that it would take too few of the others.
  const bool limits = select.limit && !(select.distinct && collates);
  if (limits) split.node += order + " LIMIT " + std::to_string(*select.limit + select.offset);
  split.merge = what + comma_list(items) + " FROM rows" + order + limit_clause(select);
  if (limits && order.empty() && !select.distinct)
    split.enough_rows = *select.limit + select.offset;
  return split;
}

/// Whether tokens are one operand, which binds closer than anything beside it.
bool is_primary(const Tokens& tokens) noexcept {
  if (tokens.size() == 1) return true;
  if (tokens[0].is("case")) {
    const auto is_end = [](const Token& token) { return token.is("end"); };
    return std::ranges::find_if(tokens, is_end) == tokens.end() - 1;
  }
  const std::size_t open = tokens[0].is("(") ? 0 : 1;
  const bool call = tokens[0].kind == Kind::word || open == 0;
  return call && tokens[open].is("(") && closing(tokens, open) == tokens.size() - 1;
}

/// Splits a query of groups, or of all entries as one group.
class GroupSplitter {
 public:
  explicit GroupSplitter(const Select& select) : select_(select) {}

  SplitQuery split() {
    for (const Tokens& term : select_.group_by)
      keys_.push_back(add_key(term));
    std::vector<std::string> items;
    for (const Select::Item& item : select_.items)
      items.push_back(merged_with_collation(item.expression));
    const std::string having = select_.having.empty() ? "" : merged(select_.having);
    std::vector<std::string> order;
    for (const Select::OrderTerm& term : select_.order_by)
      order.push_back(ordered_by(term));

    SplitQuery split;
    split.node = "SELECT " + columns_.list() + " FROM kv" +
                 clause("WHERE", to_text(select_.where)) +
                 clause("GROUP BY", comma_list(node_keys_));
    split.merge = "SELECT " + std::string(select_.distinct ? "DISTINCT " : "") + comma_list(items) +
                  " FROM rows" + clause("GROUP BY", comma_list(merge_keys())) +
                  clause("HAVING", having) + clause("ORDER BY", comma_list(order)) +
                  limit_clause(select_);
    return split;
  }

 private:
  struct Key {
    Tokens expression;
    std::string column;
    std::string collation;
    std::string reference;  // column and collation
  };

  Key add_key(const Tokens& term) {
    Collated value = collated(term);
    std::string column = columns_.add(value.expression);
    std::string reference = column + value.collation;
    // A node does not join what only a collation makes equal.
    if (std::ranges::find(node_keys_, column) == node_keys_.end()) node_keys_.push_back(column);
    return {std::move(value.expression), std::move(column), std::move(value.collation),
            std::move(reference)};
  }

  [[nodiscard]] std::vector<std::string> merge_keys() const {
    std::vector<std::string> keys;
    for (const Key& key : keys_)
      keys.push_back(key.reference);
    return keys;
  }

  std::string ordered_by(const Select::OrderTerm& term) {
    // By number, lest a literal be taken for one.
    const auto item = std::ranges::find(select_.items, term.expression, &Select::Item::expression);
    if (item != select_.items.end())
      return std::to_string(item - select_.items.begin() + 1) + " " + term.direction;
    if (select_.distinct) throw Error(distinct_order, term.expression[0].offset);
    return merged_with_collation(term.expression) + " " + term.direction;
  }

  std::string merged_with_collation(const Tokens& expression) {
    const Collated value = collated(expression);
    return merged(value.expression) + value.collation;
  }

  /// The key that stands at a place of an expression as an operand of its own, if one does.
  [[nodiscard]] const Key* key_at(const Tokens& tokens, std::size_t at) const {
    for (const Key& key : keys_) {
      const std::size_t end = at + key.expression.size();
      if (end > tokens.size() || !std::equal(key.expression.begin(), key.expression.end(),
                                             tokens.begin() + static_cast<std::ptrdiff_t>(at)))
        continue;
      const bool begins = at == 0 || tokens[at - 1].is("(") || tokens[at - 1].is(",");
      const bool ends = end == tokens.size() || tokens[end].is(")") || tokens[end].is(",");
      const bool is_name = end < tokens.size() && tokens[end].is("(");  // of a function
      if ((begins && ends) || (is_primary(key.expression) && !is_name)) return &key;
    }
    return nullptr;
  }

  /// The expression over the rows that the nodes have answered.
  std::string merged(const Tokens& tokens) {
    std::string text;
    for (std::size_t at = 0; at < tokens.size();) {
      if (!text.empty()) text += ' ';
      if (const auto call = aggregate_at(tokens, at)) {
        text += merged_call(
            *call, [this](const Tokens& part) { return columns_.add(part); },
            [this](const Tokens& key) { return add_key(key).reference; });
        at = call->end;
      } else if (const Key* key = key_at(tokens, at)) {
        text += key->column;
        at += key->expression.size();
      } else {
        if (tokens[at].kind == Kind::word && is_column(tokens[at].text))
          throw Error("beside aggregates, the column " + tokens[at].text +
                          " can be used as it is in GROUP BY, or in an aggregate",
                      tokens[at].offset);
        text += tokens[at++].text;
      }
    }
    return text;
  }

  const Select& select_;
  Columns columns_;
  std::vector<Key> keys_;
  std::vector<std::string> node_keys_;
};

bool is_grouped(const Select& select) {
  return !select.group_by.empty() || !select.having.empty() ||
         std::ranges::any_of(select.items, has_aggregate, &Select::Item::expression) ||
         std::ranges::any_of(select.order_by, has_aggregate, &Select::OrderTerm::expression);
}

}  // namespace

SplitQuery split_query(std::string_view query) {
  Select select = parse_select(query);
  resolve_names(select);
  return is_grouped(select) ? GroupSplitter(select).split() : split_rows(select);
}

}  // namespace pkv::sql
