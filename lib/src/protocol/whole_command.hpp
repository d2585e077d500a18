#pragma once

#include "base/endian.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pkv {

/// The most arguments that read_whole_command takes.
inline constexpr std::size_t most_usual_arguments = 8;

/// What read_whole_command found: nothing when `bytes` is 0.
struct WholeCommand {
  std::size_t bytes = 0;      ///< Its length, from '*' to the last line end.
  std::size_t arguments = 0;  ///< How many were written.
};

/// Reads a command of the usual kind quickly: an array of up to most_usual_arguments bulks of less
/// than 1000 bytes each, all of it in `unread`, at whose beginning it starts.
///
/// Writes views of the arguments to `arguments`, where there is room for most_usual_arguments.
/// Anything at all out of the ordinary - the command has not fully arrived, a bulk of more than
/// `most_bulk_bytes`, a leading zero, garbage - finds nothing, and the caller looks at the bytes
/// again at leisure: errors are known there only.
[[nodiscard]] inline WholeCommand read_whole_command(std::string_view unread,
                                                     std::size_t most_bulk_bytes,
                                                     std::string_view* arguments) noexcept {
  constexpr std::uint16_t line_end = 0x0A0D;    // "\r\n", as load() reads it
  constexpr std::ptrdiff_t longest_header = 6;  // "$123\r\n"; no bulk is shorter: "$0\r\n\r\n"
  constexpr std::ptrdiff_t array_header = 4;    // "*8\r\n"
  const auto digit_at = [](const char* at) -> std::size_t {
    return static_cast<unsigned char>(*at - '0');
  };

  const char* at = unread.data();
  const char* const end = at + unread.size();
  if (end - at < array_header || *at != '*' || load<std::uint16_t>(at + 2) != line_end) return {};
  const std::size_t count = digit_at(at + 1);
  if (count == 0 || count > most_usual_arguments) return {};
  at += array_header;

  for (std::string_view* argument = arguments; argument != arguments + count; ++argument) {
    if (end - at < longest_header || *at != '$') return {};
    std::size_t bytes = digit_at(++at);
    if (bytes > 9) return {};
    for (int more = 0; more < 2 && digit_at(at + 1) <= 9; ++more) {
      if (bytes == 0) return {};
      bytes = bytes * 10 + digit_at(++at);
    }
    if (load<std::uint16_t>(++at) != line_end || bytes > most_bulk_bytes) return {};
    at += sizeof line_end;

    if (static_cast<std::size_t>(end - at) < bytes + sizeof line_end) return {};
    if (load<std::uint16_t>(at + bytes) != line_end) return {};
    *argument = {at, bytes};
    at += bytes + sizeof line_end;
  }
  return {static_cast<std::size_t>(at - unread.data()), count};
}

}  // namespace pkv
