#pragma once

#include <cstddef>
#include <cstdint>

// XXH3, 64 bits, seed 0, compiled for AVX2. C's types and nothing else: an inline function of a C++
// header that its source were to contain, too, might be the copy that the linker keeps for all, and
// that runs on some CPUs only. (With AVX-512 it is no faster on what the caches do not hold.)
#if defined(__x86_64__)
#define PKV_WIDE_HASH

extern "C" std::uint64_t pkv_hash_avx2(const void* bytes, std::size_t size);

#endif
