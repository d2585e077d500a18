#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pkv {

/// The form of manifests and index entries: a first line that says what it is, lines of a word, a
/// blank and its value, an empty line, and any bytes. To be read by people, and by later versions:
/// words that a reader does not know are skipped.
struct FileText {
  std::map<std::string, std::string, std::less<>> fields;
  std::string_view body;  ///< Points into what was parsed.

  /// Nothing unless the first line is `title` and the form is kept.
  [[nodiscard]] static std::optional<FileText> parse(std::string_view text, std::string_view title);

  /// The field, or an empty word.
  [[nodiscard]] const std::string& word(std::string_view name) const;
  /// The field, if it is there and a decimal integer.
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
};

/// Whether it is 32 lower-case hexadecimal digits, as generations and checksums are.
[[nodiscard]] bool is_128_bits(std::string_view digits) noexcept;

}  // namespace pkv
