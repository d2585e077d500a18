#include "sql/select.hpp"

#include "sql/error.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pkv::sql {
namespace {

using Kind = Token::Kind;

constexpr const char* only_one_select =
    "pkv sql takes one SELECT ... FROM kv, without joins, subqueries, WITH and UNION";

[[noreturn]] void refuse(const std::string& text, const Token& where) {
  throw Error(text, where.offset);
}

/// What may come after an operand only, so that a name behind it is none that AS gives.
bool is_operator_word(const Token& token) noexcept {
  constexpr std::array<std::string_view, 19> words{
      "and",  "or",   "not",  "is",   "in",       "like",   "glob",  "between", "escape", "collate",
      "case", "when", "then", "else", "distinct", "regexp", "match", "as",      "from"};
  return std::ranges::any_of(words, [&](std::string_view word) { return token.is(word); });
}

/// What ends an operand and is not a name.
bool is_closing_word(const Token& token) noexcept {
  constexpr std::array<std::string_view, 4> words{"end", "null", "isnull", "notnull"};
  return std::ranges::any_of(words, [&](std::string_view word) { return token.is(word); });
}

bool ends_operand(const Token& token) noexcept {
  if (token.kind == Kind::symbol) return token.is(")");
  return !is_operator_word(token);
}

bool can_be_alias(const Token& token) noexcept {
  if (token.kind == Kind::word) return !is_operator_word(token) && !is_closing_word(token);
  return token.kind == Kind::quoted || token.kind == Kind::text;
}

/// Reads the clauses one after the other.
class Parser {
 public:
  explicit Parser(std::string_view query) : tokens_(tokens_of(query)) {
    while (!tokens_.empty() && tokens_.back().is(";"))
      tokens_.pop_back();
    for (std::size_t at = 0; at + 1 < tokens_.size(); ++at)  // "count"(*)
      if (tokens_[at].kind == Kind::quoted && tokens_[at + 1].is("("))
        tokens_[at] = {Kind::word, lower(tokens_[at].name()), tokens_[at].offset};
  }

  Select parse() {
    check_words();
    Select select;
    if (!take("select")) throw Error(only_one_select, 0);
    select.distinct = take("distinct");
    if (!select.distinct) take("all");
    const Tokens items = clause();
    parse_from();
    if (take("where")) select.where = named(clause());
    if (take("group")) {
      take("by");
      for (const Tokens& term : split_list(clause()))
        select.group_by.push_back(named(term));
    }
    if (take("having")) select.having = named(clause());
    if (take("order")) {
      take("by");
      for (const Tokens& term : split_list(clause()))
        select.order_by.push_back(order_term(named(term)));
    }
    if (take("limit")) parse_limit(select, clause());
    if (at_ < tokens_.size()) refuse(only_one_select, tokens_[at_]);
    for (const Tokens& item : split_list(items))
      add_item(select, item);
    return select;
  }

 private:
  /// What is not supported anywhere.
  void check_words() const {
    bool first = true;
    for (const Token& token : tokens_) {
      if (token.is("select") && !std::exchange(first, false)) refuse(only_one_select, token);
      if (token.is("over") || token.is("window"))
        refuse("window functions are not supported", token);
      if (token.kind == Kind::parameter) refuse("there is nothing to bind to a parameter", token);
      if (token.is(";")) refuse("pkv sql takes one statement", token);
    }
  }

  bool take(std::string_view word) noexcept {
    const bool there = at_ < tokens_.size() && tokens_[at_].is(word);
    if (there) ++at_;
    return there;
  }

  [[nodiscard]] bool begins_clause(std::size_t at) const noexcept {
    const Token& token = tokens_[at];
    // x IS DISTINCT FROM y
    if (token.is("from")) return at == 0 || !tokens_[at - 1].is("distinct");
    return token.is("where") || token.is("group") || token.is("having") || token.is("order") ||
           token.is("limit");
  }

  /// All up to the next clause.
  Tokens clause() {
    const std::size_t begin = at_;
    for (int depth = 0; at_ < tokens_.size() && (depth > 0 || !begins_clause(at_)); ++at_)
      depth += tokens_[at_].is("(") ? 1 : tokens_[at_].is(")") ? -1 : 0;
    return {tokens_.begin() + static_cast<std::ptrdiff_t>(begin),
            tokens_.begin() + static_cast<std::ptrdiff_t>(at_)};
  }

  void parse_from() {
    if (!take("from")) throw Error("FROM kv is missing");
    const Tokens table = clause();
    if (table.empty() || table[0].name() != "kv") throw Error("the only table is kv");
    const std::size_t alias = table.size() > 1 && table[1].is("as") ? 2 : 1;
    if (table.size() > alias + 1) refuse(only_one_select, table[alias]);
  }

  /// Columns under their own names.
  [[nodiscard]] Tokens named(const Tokens& expression) const {
    Tokens plain;
    for (const Token& token : expression) {
      const std::size_t count = plain.size();
      const bool is_name = token.kind == Kind::word || token.kind == Kind::quoted;
      if (is_name && count >= 2 && plain[count - 1].is(".")) {
        plain.resize(count - 2);  // the table
        if (!plain.empty() && plain.back().is("."))
          refuse("a column may be written as key or kv.key", token);
      }
      plain.push_back(token);
      if (is_name && is_column(lower(token.name())))
        plain.back() = {Kind::word, lower(token.name()), token.offset};
    }
    return plain;
  }

  [[nodiscard]] bool is_all_columns(const Tokens& item) const noexcept {
    if (item.size() == 3) return item[1].is(".") && item[2].is("*");
    return item.size() == 1 && item[0].is("*");
  }

  void add_item(Select& select, Tokens item) const {
    if (is_all_columns(item)) {
      for (const std::string_view column : kv_columns)
        select.items.push_back({{{Kind::word, std::string(column), item[0].offset}}, {}});
      return;
    }
    std::optional<std::string> alias;
    const std::size_t count = item.size();
    if (count >= 3 && item[count - 2].is("as")) {
      alias = lower(item.back().name());
      item.resize(count - 2);
    } else if (count >= 2 && can_be_alias(item.back()) && ends_operand(item[count - 2])) {
      alias = lower(item.back().name());
      item.pop_back();
    }
    select.items.push_back({named(item), std::move(alias)});
  }

  static Select::OrderTerm order_term(Tokens term) {
    std::string direction;
    const auto move_last = [&](std::size_t words) {
      const Tokens last(term.end() - static_cast<std::ptrdiff_t>(words), term.end());
      direction = to_text(last) + (direction.empty() ? "" : " ") + direction;
      term.resize(term.size() - words);
    };
    if (term.size() > 2 && term[term.size() - 2].is("nulls")) move_last(2);
    if (term.size() > 1 && (term.back().is("asc") || term.back().is("desc"))) move_last(1);
    return {std::move(term), std::move(direction)};
  }

  /// A negative number is none.
  static std::optional<std::uint64_t> number_of(const Tokens& tokens) {
    const bool negative = tokens.size() == 2 && tokens[0].is("-");
    std::uint64_t number = 0;
    if (tokens.size() == 1 || negative) {
      const std::string& digits = tokens.back().text;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (error == std::errc() && end == digits.data() + digits.size() && number < (1ULL << 62))
        return negative ? std::nullopt : std::optional(number);
    }
    if (tokens.empty()) throw Error("LIMIT and OFFSET take a whole number");
    refuse("LIMIT and OFFSET take a whole number", tokens[0]);
  }

  static void parse_limit(Select& select, const Tokens& clause) {
    const auto offset = std::ranges::find_if(clause, [](const Token& t) { return t.is("offset"); });
    const std::vector<Tokens> pair = split_list(clause);
    if (offset != clause.end()) {
      select.limit = number_of(Tokens(clause.begin(), offset));
      select.offset = number_of(Tokens(offset + 1, clause.end())).value_or(0);
    } else if (pair.size() == 2) {  // LIMIT offset, limit
      select.offset = number_of(pair[0]).value_or(0);
      select.limit = number_of(pair[1]);
    } else {
      select.limit = number_of(clause);
    }
  }

  Tokens tokens_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_column(std::string_view name) noexcept {
  return std::ranges::find(kv_columns, name) != kv_columns.end();
}

std::size_t closing(const Tokens& tokens, std::size_t open) noexcept {
  int depth = 0;
  for (std::size_t at = open; at < tokens.size(); ++at) {
    if (tokens[at].is("(")) ++depth;
    if (tokens[at].is(")") && --depth == 0) return at;
  }
  return tokens.size();
}

std::vector<Tokens> split_list(const Tokens& list) {
  std::vector<Tokens> parts;
  if (list.empty()) return parts;
  parts.emplace_back();
  int depth = 0;
  for (const Token& token : list) {
    depth += token.is("(") ? 1 : token.is(")") ? -1 : 0;
    if (depth == 0 && token.is(","))
      parts.emplace_back();
    else
      parts.back().push_back(token);
  }
  return parts;
}

Select parse_select(std::string_view query) {
  return Parser(query).parse();
}

}  // namespace pkv::sql
