#pragma once

#include <cstdint>

namespace pkv::wire {

/// MPI tags between coordinator and workers. A slot's frames travel under the slot's number; the
/// body of a frame too large for one message follows under the slot's body tag.
///
/// Each incarnation of a worker's process has its own tags: what its predecessor left behind, a
/// header without its body or a body without its header, cannot be taken for a part of its frames.
/// They come round again after so many incarnations that nothing is left of the first; and an epoch
/// stands in every header.
inline constexpr std::uint32_t most_slots = 1024;
inline constexpr std::uint32_t incarnations_apart = 4096;
inline constexpr std::uint32_t first_epoch = 1;

[[nodiscard]] constexpr int frame_tag(std::uint32_t slot,
                                      std::uint32_t epoch = first_epoch) noexcept {
  // Those of the first incarnation, the only one in most jobs, are below 32767, the least
  // tag_upper_bound that MPI promises.
  const std::uint32_t incarnation = (epoch - first_epoch) % incarnations_apart;
  return static_cast<int>(incarnation * 2 * most_slots + slot);
}
[[nodiscard]] constexpr int body_tag(std::uint32_t slot,
                                     std::uint32_t epoch = first_epoch) noexcept {
  return frame_tag(slot, epoch) + static_cast<int>(most_slots);
}

/// The largest that is used with replaced processes.
inline constexpr int last_tag = body_tag(most_slots - 1, incarnations_apart);

}  // namespace pkv::wire
