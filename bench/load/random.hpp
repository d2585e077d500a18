#pragma once

#include <cstdint>

namespace pkv::bench {

/// Spreads the bits of `value` over all 64: what is one bit apart becomes as different as chance.
/// The finalizer of SplitMix64.
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/// Pseudo-random numbers in a few instructions each: SplitMix64 (Steele, Lea, Flood: "Fast
/// Splittable Pseudorandom Number Generators", OOPSLA 2014).
///
/// Thread safety: none; every thread has its own.
class Random {
 public:
  /// Different `stream`s of a seed are independent of each other.
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0) noexcept
      : state_(mix_bits(seed) ^ mix_bits(~stream)) {}

  [[nodiscard]] std::uint64_t next() noexcept { return mix_bits(state_ += 0x9e3779b97f4a7c15); }

  /// From 0 to limit - 1, all equally likely (to one part in 2^64 / limit). Requires: limit > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t limit) noexcept {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((Wide{next()} * limit) >> 64);
  }

  /// From 0 up to, not including, 1.
  [[nodiscard]] double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace pkv::bench
