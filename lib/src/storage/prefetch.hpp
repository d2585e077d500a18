#pragma once

namespace pkv {

/// Fetches the cache line of `address`, which need not be valid.
inline void prefetch_line(const void* address) noexcept {
  __builtin_prefetch(address);
  // GCC takes a function that only prefetches for one without effect, and removes calls of it.
  asm volatile("" : : "r"(address));
}

}  // namespace pkv
