#pragma once

#include <stddef.h>
#include <stdint.h>

// XXH3, 64 bits, seed 0, compiled for AVX2. C and nothing else: an inline function of a C++ header
// that it were to contain, too, might be the copy that the linker keeps for all, and that runs on
// some CPUs only. (With AVX-512 it is no faster on what the caches do not hold.)
#if defined(__x86_64__)
#define PKV_WIDE_HASH

#ifdef __cplusplus
extern "C" {
#endif

uint64_t pkv_hash_avx2(const void* bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
