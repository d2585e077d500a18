#pragma once

#include <algorithm>
#include <string_view>

namespace pkv {

/// An ASCII capital as a small letter, any other byte as it is, whatever the locale.
[[nodiscard]] constexpr char small_letter(char byte) noexcept {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

/// Whether two words are the same but for capitals: options and subcommands may be typed either
/// way.
[[nodiscard]] constexpr bool same_word(std::string_view left, std::string_view right) noexcept {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return small_letter(a) == small_letter(b); });
}

}  // namespace pkv
