#include "line_batch.hpp"

#include "protocol/inline_command.hpp"

#include <algorithm>

namespace pkv::cli {
namespace {

// Not tolower(), which asks the locale.
char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
}

}  // namespace

bool same_word(std::string_view left, std::string_view right) noexcept {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char one, char other) { return lower(one) == lower(other); });
}

bool LineParser::add(std::string_view line, LineBatch& batch) {
  if (line.starts_with('#')) return true;
  words_.clear();
  if (!split_inline_command(line, words_, unquoted_)) {
    batch.lines.push_back({false, std::string(unbalanced_quotes)});
    return true;
  }
  if (words_.empty()) return true;
  if (words_.size() == 1 && same_word(words_.front(), "done")) return false;
  batch.commands.add(words_);
  batch.lines.push_back({true, words_.size() > 1 ? std::string(words_[1]) : std::string()});
  return !same_word(words_.front(), "quit");
}

void LineParser::add_too_long(LineBatch& batch) {
  batch.lines.push_back({false, "the line is longer than 1 GiB"});
}

}  // namespace pkv::cli
