#pragma once

#include "base/wall_clock.hpp"

#include <cstdint>

namespace pkv {

/// The sequence numbers of a job start at its start time, so that they go on rising when a later
/// job serves the same data. This many bits below the milliseconds since 1970: no job runs 2^20
/// commands in each of its milliseconds.
inline constexpr unsigned sequences_per_ms_bits = 20;

[[nodiscard]] constexpr std::uint64_t sequence_at(std::int64_t wall_clock_ms) noexcept {
  return static_cast<std::uint64_t>(wall_clock_ms) << sequences_per_ms_bits;
}

/// The time at a place in the order: what the operation there goes by, on every node.
[[nodiscard]] constexpr std::int64_t time_at(std::uint64_t sequence) noexcept {
  return static_cast<std::int64_t>(sequence >> sequences_per_ms_bits);
}

/// The first one of a job that starts now.
[[nodiscard]] inline std::uint64_t first_sequence() noexcept {
  return sequence_at(wall_clock_ms());
}

}  // namespace pkv
