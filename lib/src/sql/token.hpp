#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::sql {

/// A word of SQL as SQLite sees it.
struct Token {
  enum class Kind {
    word,    ///< A keyword, or the name of a function, column or table.
    quoted,  ///< A name in double quotes, backticks or brackets.
    text,    ///< '...'
    number,
    blob,       ///< x'...'
    parameter,  ///< ?1, :name ...
    symbol,     ///< Operators and punctuation.
  };

  Kind kind = Kind::symbol;
  std::string text;  ///< As written.
  std::size_t offset = 0;

  /// Whether it is this keyword or symbol, in capitals or not.
  [[nodiscard]] bool is(std::string_view lower_case) const noexcept;
  /// A name without its quotes, or the text of a literal; words in lower case.
  [[nodiscard]] std::string name() const;

  /// Whether both mean the same; where they stand is of no account.
  friend bool operator==(const Token& left, const Token& right) noexcept;
};

/// An expression or a part of one.
using Tokens = std::vector<Token>;

/// Parts a statement into words; comments are left out. Any text gives some words: whether it is
/// SQL is for SQLite to say.
[[nodiscard]] Tokens tokens_of(std::string_view sql);

/// The words with blanks between them.
[[nodiscard]] std::string to_text(const Tokens& tokens);

/// In lower case, where letters are of ASCII.
[[nodiscard]] std::string lower(std::string_view text);

}  // namespace pkv::sql
