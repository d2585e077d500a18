#pragma once

#include "wire/copying.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace pkv {

/// Positions `first` to `last` of the ring, both included; never wraps round: first <= last.
using RingRange = wire::RingRange;

/// Appends a range behind all others, joining it with the last one if they touch.
inline void append_joined(std::vector<RingRange>& ranges, const RingRange& range) {
  if (!ranges.empty() && ranges.back().last + 1 == range.first) {
    ranges.back().last = range.last;
  } else {
    ranges.push_back(range);
  }
}

/// Positions are counted in cells of 2^16, the grain of RingPoint: the 2^48 of them are a number
/// that neither a 64-bit integer nor a double has to round.
[[nodiscard]] constexpr std::uint64_t cells_of(const RingRange& range) noexcept {
  return ((range.last - range.first) >> 16) + 1;
}

[[nodiscard]] constexpr double share_of_cells(std::uint64_t cells) noexcept {
  return static_cast<double>(cells) * 0x1p-48;
}

/// The part of the circle that disjoint ranges cover, 0 to 1.
[[nodiscard]] constexpr double share_of(std::span<const RingRange> ranges) noexcept {
  std::uint64_t cells = 0;
  for (const RingRange& range : ranges)
    cells += cells_of(range);
  return share_of_cells(cells);
}

}  // namespace pkv
