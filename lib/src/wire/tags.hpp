#pragma once

#include <cstdint>

namespace pkv::wire {

/// MPI tags between coordinator and workers. A slot's frames travel under the slot's number; the
/// body of a frame too large for one message follows under the slot's body tag. All stay far below
/// 32767, the least tag_upper_bound that MPI promises.
inline constexpr std::uint32_t most_slots = 1024;

[[nodiscard]] constexpr int frame_tag(std::uint32_t slot) noexcept {
  return static_cast<int>(slot);
}
[[nodiscard]] constexpr int body_tag(std::uint32_t slot) noexcept {
  return static_cast<int>(most_slots + slot);
}

}  // namespace pkv::wire
