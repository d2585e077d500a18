#pragma once

#include <cstdint>

namespace pkv {

/// A hash's place in the order of a scan, as scan_position() promises it: its low 48 bits, read
/// from the lowest up.
///
/// A bucket of a linear hash table holds the hashes with certain low bits. Read backwards, these
/// are the leading bits, so every bucket is an interval of positions; a split halves one and a
/// merge unites two. What has been scanned is an interval too, and stays one however the table
/// changes (the idea of Redis' SCAN, Pieter Noordhuis 2012, with positions in place of bucket
/// numbers).
inline constexpr unsigned position_bits = 48;

[[nodiscard]] constexpr std::uint64_t reverse_bits(std::uint64_t word) noexcept {
  word = ((word >> 1) & 0x5555555555555555U) | ((word & 0x5555555555555555U) << 1);
  word = ((word >> 2) & 0x3333333333333333U) | ((word & 0x3333333333333333U) << 2);
  word = ((word >> 4) & 0x0F0F0F0F0F0F0F0FU) | ((word & 0x0F0F0F0F0F0F0F0FU) << 4);
  return __builtin_bswap64(word);
}

[[nodiscard]] constexpr std::uint64_t position_of(std::uint64_t hash) noexcept {
  return reverse_bits(hash) >> (64 - position_bits);
}

/// The low bits of the hashes at a position; the others are zero.
/// Requires: position < 2^position_bits.
[[nodiscard]] constexpr std::uint64_t hash_at(std::uint64_t position) noexcept {
  return reverse_bits(position << (64 - position_bits));
}

}  // namespace pkv
