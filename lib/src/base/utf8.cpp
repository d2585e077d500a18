#include "base/utf8.hpp"

#include "base/endian.hpp"

#include <cstddef>
#include <cstdint>

namespace pkv {
namespace {

constexpr bool is_between(unsigned byte, unsigned first, unsigned last) noexcept {
  return first <= byte && byte <= last;
}

/// The length of the character beyond ASCII at the front; 0 if there is none. As table 3-7 of the
/// Unicode standard, "Well-Formed UTF-8 Byte Sequences".
std::size_t character_bytes(std::string_view bytes) noexcept {
  const auto at = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return is_between(at(i), 0x80, 0xbf); };
  const unsigned lead = at(0);
  if (is_between(lead, 0xc2, 0xdf)) return continues(1) ? 2 : 0;
  if (is_between(lead, 0xe0, 0xef)) {
    const unsigned least = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned most = lead == 0xed ? 0x9f : 0xbf;
    return is_between(at(1), least, most) && continues(2) ? 3 : 0;
  }
  if (is_between(lead, 0xf0, 0xf4)) {
    const unsigned least = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned most = lead == 0xf4 ? 0x8f : 0xbf;
    return is_between(at(1), least, most) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

/// Whether eight bytes are of ASCII, none of them zero: the well-known test for a zero byte.
constexpr bool are_plain(std::uint64_t word) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t tops = 0x8080808080808080;
  return ((word | (word - ones)) & tops) == 0;
}

}  // namespace

bool is_utf8_text(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    if (bytes.size() >= sizeof(std::uint64_t) && are_plain(load<std::uint64_t>(bytes.data()))) {
      bytes.remove_prefix(sizeof(std::uint64_t));
      continue;
    }
    const auto first = static_cast<unsigned char>(bytes[0]);
    const std::size_t length = is_between(first, 1, 0x7f) ? 1 : character_bytes(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace pkv
