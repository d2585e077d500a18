#pragma once

#include <bit>
#include <cstring>
#include <type_traits>

namespace pkv {

// Frames travel between ranks of one job; mixed-endian jobs are refused at compile time, not
// converted.
static_assert(std::endian::native == std::endian::little, "pkv's frames are little-endian");

/// Reads a T from unaligned bytes.
template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] T load(const char* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Writes a T to unaligned bytes and returns the byte after it.
template <class T>
requires std::is_trivially_copyable_v<T>
char* store(char* to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

}  // namespace pkv
