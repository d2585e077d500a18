#pragma once

#include <cstdint>
#include <string_view>

// Inline, so that hashing a short key costs no call and installed pkv needs no libxxhash.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace pkv {

/// XXH3, 64 bits, seed 0 (https://xxhash.com): the position of a key, and the checksum of frames.
[[nodiscard]] inline std::uint64_t hash_bytes(std::string_view bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}

/// The same with another seed.
[[nodiscard]] inline std::uint64_t hash_bytes_with_seed(std::string_view bytes,
                                                        std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace pkv
