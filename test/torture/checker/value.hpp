#pragma once

#include <cstdint>

namespace pkv::torture {

/// What a key holds, as far as a checker has to know it: values that differ have different contents
/// here, but nothing is kept of the bytes.
struct Value {
  bool is_there = false;      ///< False: no such key; the rest is zero then.
  std::uint64_t content = 0;  ///< Of a counter the number, else a digest (see extended()).
  std::uint64_t length = 0;   ///< In bytes; 0 for a counter.
  std::uint64_t origin = 0;   ///< The content before anything was appended; 0 for a counter.

  friend bool operator==(const Value&, const Value&) = default;
};

/// Spreads the bits of `value` over all 64. The finalizer of SplitMix64.
[[nodiscard]] constexpr std::uint64_t spread(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/// The value with a piece added to its end. Pieces are told apart by their tags, so the digest of a
/// value follows from the tags of its pieces, in their order.
[[nodiscard]] constexpr Value extended(const Value& value, std::uint64_t tag,
                                       std::uint64_t length) noexcept {
  const std::uint64_t content = spread(value.content + spread(tag + 0x9e3779b97f4a7c15));
  return {true, content, value.length + length, value.is_there ? value.origin : content};
}

/// A value of one piece.
[[nodiscard]] constexpr Value piece(std::uint64_t tag, std::uint64_t length) noexcept {
  return extended({}, tag, length);
}

[[nodiscard]] constexpr Value number(std::int64_t value) noexcept {
  return {true, static_cast<std::uint64_t>(value), 0, 0};
}

}  // namespace pkv::torture
