#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

/// RESP2 encodings written straight into an output buffer.
///
/// Each function writes at `out`, where the caller has made room for the named number of bytes, and
/// returns the end of what it wrote.
namespace pkv::reply_writer {

/// Room for write_integer, write_bulk_header and write_array_header: type, sign, 19 digits, line
/// end.
inline constexpr std::size_t max_number_bytes = 1 + 1 + 19 + 2;

/// Room for write_nil.
inline constexpr std::size_t nil_bytes = 5;

/// Room for write_status and write_error.
[[nodiscard]] constexpr std::size_t line_bytes(std::string_view text) noexcept {
  return 1 + text.size() + 2;
}

/// Room for write_bulk; what a bulk adds to its contents is at most max_bulk_overhead_bytes.
inline constexpr std::size_t max_bulk_overhead_bytes = max_number_bytes + 2;

namespace detail {

[[nodiscard]] inline char* write_line_end(char* out) noexcept {
  out[0] = '\r';
  out[1] = '\n';
  return out + 2;
}

[[nodiscard]] inline char* write_bytes(char* out, std::string_view bytes) noexcept {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

template <class Number>
[[nodiscard]] char* write_number(char* out, char type, Number number) noexcept {
  *out++ = type;
  if (number >= 0 && number <= 9) {  // most counts, and the integers 0 and 1
    *out++ = static_cast<char>('0' + number);
  } else {
    out = std::to_chars(out, out + max_number_bytes - 3, number).ptr;
  }
  return write_line_end(out);
}

// A line end within the text would split the reply in two, so it becomes blanks.
[[nodiscard]] inline char* write_line(char* out, char type, std::string_view text) noexcept {
  *out++ = type;
  for (const char byte : text)
    *out++ = byte == '\r' || byte == '\n' ? ' ' : byte;
  return write_line_end(out);
}

}  // namespace detail

/// "$-1\r\n": there is no value. Writes nil_bytes.
[[nodiscard]] inline char* write_nil(char* out) noexcept {
  return detail::write_bytes(out, "$-1\r\n");
}

/// "+<text>\r\n". Writes line_bytes(text).
[[nodiscard]] inline char* write_status(char* out, std::string_view text) noexcept {
  return detail::write_line(out, '+', text);
}

/// "-<text>\r\n". Writes line_bytes(text).
[[nodiscard]] inline char* write_error(char* out, std::string_view text) noexcept {
  return detail::write_line(out, '-', text);
}

/// ":<number>\r\n". Writes at most max_number_bytes.
[[nodiscard]] inline char* write_integer(char* out, std::int64_t number) noexcept {
  return detail::write_number(out, ':', number);
}

/// "$<bytes>\r\n"; that many bytes and a line end must follow. Writes at most max_number_bytes.
[[nodiscard]] inline char* write_bulk_header(char* out, std::size_t bytes) noexcept {
  return detail::write_number(out, '$', bytes);
}

/// "*<elements>\r\n"; that many replies must follow. Writes at most max_number_bytes.
[[nodiscard]] inline char* write_array_header(char* out, std::size_t elements) noexcept {
  return detail::write_number(out, '*', elements);
}

/// "\r\n", as it stands behind the contents of a bulk. Writes 2 bytes.
[[nodiscard]] inline char* write_line_end(char* out) noexcept {
  return detail::write_line_end(out);
}

/// A whole bulk string. Writes at most value.size() + max_bulk_overhead_bytes.
[[nodiscard]] inline char* write_bulk(char* out, std::string_view value) noexcept {
  out = write_bulk_header(out, value.size());
  out = detail::write_bytes(out, value);
  return detail::write_line_end(out);
}

}  // namespace pkv::reply_writer
