#include "sql/token.hpp"

#include <algorithm>
#include <array>

namespace pkv::sql {
namespace {

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// As SQLite has it: letters, the underscore and everything beyond ASCII.
constexpr bool begins_word(char c) noexcept {
  return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

constexpr bool continues_word(char c) noexcept {
  return begins_word(c) || is_digit(c) || c == '$';
}

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// The longest come first.
constexpr std::array<std::string_view, 10> long_symbols{"->>", "->", "||", "<<", ">>",
                                                        "<=",  ">=", "<>", "!=", "=="};

/// Takes a statement apart from front to back.
class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  Tokens all() {
    Tokens tokens;
    while (skip_blanks()) {
      Token token;
      token.offset = at_;
      token.kind = take();
      token.text = sql_.substr(token.offset, at_ - token.offset);
      tokens.push_back(std::move(token));
    }
    return tokens;
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const noexcept {
    return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0';
  }

  /// False at the end.
  bool skip_blanks() noexcept {
    for (;;) {
      while (at_ < sql_.size() && is_blank(sql_[at_]))
        ++at_;
      if (peek() == '-' && peek(1) == '-')
        skip_past("\n", 2);
      else if (peek() == '/' && peek(1) == '*')
        skip_past("*/", 2);
      else
        return at_ < sql_.size();
    }
  }

  void skip_past(std::string_view end, std::size_t from) noexcept {
    const std::size_t found = sql_.find(end, at_ + from);
    at_ = found == std::string_view::npos ? sql_.size() : found + end.size();
  }

  /// Goes to behind what is in these quotes, which are doubled where they are part of it.
  void skip_quoted(char end) noexcept {
    ++at_;
    while (at_ < sql_.size()) {
      const bool ends = sql_[at_++] == end;
      if (!ends) continue;
      if (end == ']' || peek() != end) return;
      ++at_;
    }
  }

  void skip_word() noexcept {
    while (at_ < sql_.size() && continues_word(sql_[at_]))
      ++at_;
  }

  void skip_number() noexcept {
    const bool hexadecimal = peek() == '0' && to_lower(peek(1)) == 'x';
    while (continues_word(peek()) || peek() == '.') {
      const bool exponent = !hexadecimal && to_lower(peek()) == 'e';
      ++at_;
      if (exponent && (peek() == '+' || peek() == '-')) ++at_;
    }
  }

  Token::Kind take() noexcept {
    const char c = peek();
    if (c == '\'') return skip_quoted('\''), Token::Kind::text;
    if (c == '"' || c == '`') return skip_quoted(c), Token::Kind::quoted;
    if (c == '[') return skip_quoted(']'), Token::Kind::quoted;
    if (to_lower(c) == 'x' && peek(1) == '\'') {
      ++at_;
      return skip_quoted('\''), Token::Kind::blob;
    }
    if (begins_word(c)) return skip_word(), Token::Kind::word;
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return skip_number(), Token::Kind::number;
    if (c == '?' || c == ':' || c == '@' || c == '$' || c == '#') {
      ++at_;
      return skip_word(), Token::Kind::parameter;
    }
    const auto* const found = std::ranges::find_if(long_symbols, [&](std::string_view symbol) {
      return sql_.substr(at_).starts_with(symbol);
    });
    at_ += found == long_symbols.end() ? 1 : found->size();
    return Token::Kind::symbol;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
};

std::string without_quotes(std::string_view quoted) {
  const char end = quoted.back();
  std::string text;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    text += quoted[i];
    if (quoted[i] == end && end != ']') ++i;  // doubled
  }
  return text;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), to_lower);
  return lowered;
}

bool Token::is(std::string_view lower_case) const noexcept {
  return (kind == Kind::word || kind == Kind::symbol) &&
         std::ranges::equal(text, lower_case, {}, to_lower);
}

std::string Token::name() const {
  if (kind == Kind::word) return lower(text);
  if ((kind == Kind::quoted || kind == Kind::text) && text.size() >= 2) return without_quotes(text);
  return text;
}

bool operator==(const Token& left, const Token& right) noexcept {
  if (left.kind != right.kind) return false;
  if (left.kind == Token::Kind::word)
    return std::ranges::equal(left.text, right.text, {}, to_lower, to_lower);
  return left.text == right.text;
}

Tokens tokens_of(std::string_view sql) {
  return Scanner(sql).all();
}

std::string to_text(const Tokens& tokens) {
  std::string text;
  for (const Token& token : tokens) {
    if (!text.empty()) text += ' ';
    text += token.text;
  }
  return text;
}

}  // namespace pkv::sql
