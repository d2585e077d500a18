#include "base/wide_hash.hpp"

#ifndef __AVX2__
#error "to be compiled with -mavx2"
#endif

// Static here, with the vectors that this file's compiler options allow.
#define XXH_INLINE_ALL
#include <xxhash.h>

std::uint64_t pkv_hash_avx2(const void* bytes, std::size_t size) {
  return XXH3_64bits(bytes, size);
}
