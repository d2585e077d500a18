#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace pkv {

/// The 64-bit integer that `text` spells, or nothing.
///
/// There is one spelling of each number: no sign but '-', no leading zeros, no "-0", no blanks. It
/// is what Redis accepts wherever it reads a number, be it a length or the operand of INCRBY.
[[nodiscard]] constexpr std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text == "0" && !negative) return 0;

  constexpr std::size_t most_digits = 19;  // those of 2^63; cannot overflow 64 bits unsigned
  if (text.empty() || text.size() > most_digits || text.front() == '0') return std::nullopt;
  std::uint64_t magnitude = 0;
  for (const char character : text) {
    const auto digit = static_cast<unsigned char>(character - '0');
    if (digit > 9) return std::nullopt;
    magnitude = magnitude * 10 + digit;
  }

  constexpr auto largest = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  if (magnitude > largest + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

/// A number as parse_integer reads it.
class Decimal {
 public:
  explicit Decimal(std::int64_t number) noexcept
      : end_(std::to_chars(text_.data(), text_.data() + text_.size(), number).ptr) {}

  Decimal(const Decimal&) = delete;
  Decimal& operator=(const Decimal&) = delete;

  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), end_}; }

 private:
  std::array<char, 20> text_;  // "-9223372036854775808"
  const char* end_;
};

}  // namespace pkv
