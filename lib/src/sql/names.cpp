#include "sql/names.hpp"

#include "sql/error.hpp"

#include <algorithm>
#include <charconv>

namespace pkv::sql {
namespace {

using Kind = Token::Kind;

bool can_be_name(const Token& token) noexcept {
  return token.kind == Kind::word || token.kind == Kind::quoted;
}

/// The item of that name; null if there is none.
const Select::Item* item_named(const Select& select, const Token& token) {
  if (!can_be_name(token)) return nullptr;
  const auto found =
      std::ranges::find(select.items, std::optional(lower(token.name())), &Select::Item::alias);
  return found == select.items.end() ? nullptr : &*found;
}

/// The item that a term names by its number; null if the term is none.
const Select::Item* item_numbered(const Select& select, const Tokens& term) {
  const auto is_sign = [](const Token& token) { return token.is("+") || token.is("-"); };
  if (term.empty() || term.back().kind != Kind::number) return nullptr;
  const std::string& digits = term.back().text;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!std::all_of(term.begin(), term.end() - 1, is_sign)) return nullptr;
  if (term.size() > 1 || !whole || number == 0 || number > select.items.size())
    throw Error("a number there is that of a column of the result", term[0].offset);
  return &select.items[number - 1];
}

/// An expression with the names in it replaced.
Tokens resolved(const Select& select, const Tokens& expression) {
  Tokens result;
  for (std::size_t at = 0; at < expression.size(); ++at) {
    const Token& token = expression[at];
    const bool calls = at + 1 < expression.size() && expression[at + 1].is("(");
    const bool collates = at > 0 && expression[at - 1].is("collate");
    const Select::Item* item = nullptr;
    if (!calls && !collates && !is_column(token.text)) item = item_named(select, token);
    if (item == nullptr) {
      result.push_back(token);
    } else if (expression.size() == 1) {
      return item->expression;
    } else {
      result.push_back({Kind::symbol, "(", token.offset});
      result.insert(result.end(), item->expression.begin(), item->expression.end());
      result.push_back({Kind::symbol, ")", token.offset});
    }
  }
  return result;
}

/// A term with its COLLATE, but the rest replaced by an item.
Tokens with_collation_of(const Tokens& term, const Select::Item& item, std::size_t words) {
  Tokens expression = item.expression;
  expression.insert(expression.end(), term.begin() + static_cast<std::ptrdiff_t>(words),
                    term.end());
  return expression;
}

Tokens resolved_term(const Select& select, const Tokens& term, bool names_first) {
  const bool collates = term.size() > 2 && term[term.size() - 2].is("collate");
  const std::size_t words = collates ? term.size() - 2 : term.size();
  const Tokens bare(term.begin(), term.begin() + static_cast<std::ptrdiff_t>(words));
  if (const Select::Item* item = item_numbered(select, bare))
    return with_collation_of(term, *item, words);
  if (words == 1 && (names_first || !is_column(bare[0].text)))
    if (const Select::Item* item = item_named(select, bare[0]))
      return with_collation_of(term, *item, words);
  return resolved(select, term);
}

}  // namespace

void resolve_names(Select& select) {
  select.where = resolved(select, select.where);
  select.having = resolved(select, select.having);
  for (Tokens& term : select.group_by)
    term = resolved_term(select, term, false);
  for (Select::OrderTerm& term : select.order_by)
    term.expression = resolved_term(select, term.expression, true);
}

}  // namespace pkv::sql
