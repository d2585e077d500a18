#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pkv {

/// Longest line "<type><number>\r\n" that is waited for; as in Redis (PROTO_INLINE_MAX_SIZE).
inline constexpr std::size_t max_number_line_bytes = std::size_t{64} << 10;

/// What read_number_line found.
struct NumberLine {
  enum class Status {
    complete,   ///< `number` is set, `bytes` is the length of the line with type and line end.
    partial,    ///< There is no line end yet in `bytes` bytes.
    too_long,   ///< There is no line end in max_number_line_bytes.
    malformed,  ///< The line is not a number, or '\r' stands without '\n'.
  };
  Status status;
  std::size_t bytes = 0;
  std::int64_t number = 0;
};

/// Reads one line "<type><number>\r\n"; the type byte is not looked at.
///
/// `searched_bytes` is what an earlier `partial` returned for the same line, else 0, so that a line
/// arriving byte by byte is searched once.
[[nodiscard]] NumberLine read_number_line(std::string_view unread,
                                          std::size_t searched_bytes) noexcept;

/// Reads the usual case of a length line, "<digits>\r\n", quickly.
///
/// Returns the byte behind the line, or nullptr when anything at all is out of the ordinary - the
/// line has not fully arrived, more than eight digits, a sign, a leading zero, garbage - which the
/// caller then examines at leisure.
[[nodiscard]] inline const char* parse_length_line(const char* from, const char* end,
                                                   std::size_t& length) noexcept {
  constexpr std::ptrdiff_t longest_line = 10;  // eight digits and the line end
  const char* const limit = end - from > longest_line ? from + longest_line : end;
  if (limit - from < 3) return nullptr;

  std::size_t value = static_cast<unsigned char>(*from - '0');
  if (value > 9) return nullptr;
  const bool leading_zero = value == 0;
  const char* at = from + 1;
  for (; at != limit; ++at) {
    const auto digit = static_cast<unsigned char>(*at - '0');
    if (digit > 9) break;
    value = value * 10 + digit;
  }
  if (limit - at < 2 || at[0] != '\r' || at[1] != '\n') return nullptr;
  if (leading_zero && at != from + 1) return nullptr;
  length = value;
  return at + 2;
}

}  // namespace pkv
