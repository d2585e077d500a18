#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace pkv {

/// The sizes that records are rounded up to: multiples of 8 up to 128 bytes, then eight steps per
/// doubling, so that rounding wastes less than an eighth.
enum class SizeClass : std::uint8_t {};

/// Requires: 0 < bytes <= 2^31.
[[nodiscard]] constexpr SizeClass size_class_of(std::size_t bytes) noexcept {
  assert(bytes > 0 && bytes <= std::size_t{1} << 31);
  const std::size_t units = (bytes - 1) / 8;  // one less than the units needed
  if (units < 8) return static_cast<SizeClass>(units);
  const auto shift = static_cast<std::size_t>(std::bit_width(units)) - 4;
  return static_cast<SizeClass>(shift * 8 + (units >> shift));
}

[[nodiscard]] constexpr std::size_t capacity_of(SizeClass size_class) noexcept {
  const auto index = static_cast<std::size_t>(size_class);
  if (index < 16) return (index + 1) * 8;
  const std::size_t shift = index / 8 - 1;
  return ((index % 8 + 9) << shift) * 8;
}

inline constexpr std::size_t size_class_count =
    static_cast<std::size_t>(size_class_of(std::size_t{1} << 31)) + 1;

}  // namespace pkv
