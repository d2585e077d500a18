#include "protocol/inline_command.hpp"

#include <cstddef>
#include <optional>

namespace pkv {
namespace {

// Redis skips whatever isspace() knows but ends a word only at these, so "a\vb" is one word.
bool ends_word(char character) noexcept {
  return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

bool is_blank(char character) noexcept {
  return ends_word(character) || character == '\v' || character == '\f';
}

bool is_quote(char character) noexcept {
  return character == '"' || character == '\'';
}

/// The value of a hexadecimal digit, or nothing.
std::optional<unsigned> hex_digit(char character) noexcept {
  if (character >= '0' && character <= '9') return static_cast<unsigned>(character - '0');
  if (character >= 'a' && character <= 'f') return static_cast<unsigned>(character - 'a' + 10);
  if (character >= 'A' && character <= 'F') return static_cast<unsigned>(character - 'A' + 10);
  return std::nullopt;
}

char escaped(char letter) noexcept {
  switch (letter) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    default:
      return letter;
  }
}

/// Reads the words of one line from left to right.
class WordReader {
 public:
  WordReader(std::string_view line, std::string& unquoted) noexcept
      : rest_(line), unquoted_(unquoted) {}

  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

  void skip_blanks() noexcept {
    while (!rest_.empty() && is_blank(rest_.front()))
      rest_.remove_prefix(1);
  }

  void skip_one() noexcept { rest_.remove_prefix(1); }

  /// Reads the word that begins here; nothing if its quotes are unbalanced.
  std::optional<std::string_view> read_word() {
    std::size_t end = 0;
    while (end < rest_.size() && !ends_word(rest_[end])) {
      if (is_quote(rest_[end])) return read_quoted_word(end);
      ++end;
    }
    return take(end);
  }

 private:
  std::string_view take(std::size_t bytes) noexcept {
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }

  // A word may begin plain and go on quoted, as in key"with blank".
  std::optional<std::string_view> read_quoted_word(std::size_t plain_bytes) {
    const std::size_t begin = unquoted_.size();
    unquoted_.append(take(plain_bytes));
    const char quote = take(1).front();
    if (!(quote == '"' ? unquote_double() : unquote_single())) return std::nullopt;
    if (!rest_.empty() && !is_blank(rest_.front())) return std::nullopt;
    return std::string_view(unquoted_).substr(begin);
  }

  bool unquote_double() {
    while (!rest_.empty()) {
      const char character = take(1).front();
      if (character == '"') return true;
      if (character == '\\' && !rest_.empty()) {
        append_escaped();
      } else {
        unquoted_.push_back(character);
      }
    }
    return false;
  }

  void append_escaped() {
    const char letter = take(1).front();
    if (letter == 'x' && rest_.size() >= 2) {
      const auto high = hex_digit(rest_[0]);
      const auto low = hex_digit(rest_[1]);
      if (high && low) {
        unquoted_.push_back(static_cast<char>(*high << 4 | *low));
        rest_.remove_prefix(2);
        return;
      }
    }
    unquoted_.push_back(escaped(letter));
  }

  bool unquote_single() {
    while (!rest_.empty()) {
      char character = take(1).front();
      if (character == '\'') return true;
      if (character == '\\' && !rest_.empty() && rest_.front() == '\'') character = take(1).front();
      unquoted_.push_back(character);
    }
    return false;
  }

  std::string_view rest_;
  std::string& unquoted_;  // has room for the whole line: views into it stay valid
};

bool takes_rest_of_line(std::string_view verb) noexcept {
  if (verb.size() != 1) return false;
  const char letter = verb.front();
  return letter == 'C' || letter == 'c' || letter == 'U' || letter == 'u';
}

std::string_view rest_as_value(std::string_view rest, std::string& unquoted) {
  if (rest.empty() || !is_quote(rest.front())) return rest;
  WordReader reader(rest, unquoted);
  const auto word = reader.read_word();
  return word && reader.rest().empty() ? *word : rest;
}

}  // namespace

bool split_inline_command(std::string_view line, std::vector<std::string_view>& words,
                          std::string& unquoted) {
  unquoted.clear();
  // No word is longer unquoted than quoted, so this much keeps the views valid to the end. The
  // value of C and U may be read twice: once in vain, once as it stands, which takes no room.
  if (line.find_first_of("\"'") != std::string_view::npos) unquoted.reserve(line.size());

  WordReader reader(line, unquoted);
  const std::size_t first = words.size();
  for (reader.skip_blanks(); !reader.rest().empty(); reader.skip_blanks()) {
    const auto word = reader.read_word();
    if (!word) return false;
    words.push_back(*word);

    const bool key_read = words.size() - first == 2;
    if (key_read && takes_rest_of_line(words[first]) && !reader.rest().empty()) {
      reader.skip_one();
      words.push_back(rest_as_value(reader.rest(), unquoted));
      break;
    }
  }
  return true;
}

}  // namespace pkv
