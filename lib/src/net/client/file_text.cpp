#include "net/client/file_text.hpp"

#include "base/decimal.hpp"

#include <algorithm>

namespace pkv {

std::optional<FileText> FileText::parse(std::string_view text, std::string_view title) {
  if (!text.starts_with(title) || text.substr(title.size(), 1) != "\n") return std::nullopt;
  text.remove_prefix(title.size() + 1);
  FileText parsed;
  for (;;) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.empty()) break;
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    parsed.fields.emplace(line.substr(0, blank), line.substr(blank + 1));
  }
  parsed.body = text;
  return parsed;
}

const std::string& FileText::word(std::string_view name) const {
  static const std::string none;
  const auto found = fields.find(name);
  return found == fields.end() ? none : found->second;
}

std::optional<std::int64_t> FileText::number(std::string_view name) const {
  return parse_integer(word(name));
}

bool is_128_bits(std::string_view digits) noexcept {
  return digits.size() == 32 && std::all_of(digits.begin(), digits.end(), [](char digit) {
           return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
         });
}

}  // namespace pkv
