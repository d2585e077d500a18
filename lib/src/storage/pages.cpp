#include "storage/pages.hpp"

#include <cassert>
#include <sys/mman.h>

namespace pkv {

void* map_pages(std::size_t bytes) noexcept {
  assert(bytes % page_chunk_bytes == 0);
  // Without reserve: what is mapped ahead of its use must not count against the system's memory.
  void* start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return start == MAP_FAILED ? nullptr : start;
}

void unmap_pages(void* start, std::size_t bytes) noexcept {
  // Refused when it would cut a mapping in two and the process has as many as it may: then only the
  // memory goes back, not the addresses.
  if (::munmap(start, bytes) != 0) drop_pages(start, bytes);
}

void drop_pages(void* start, std::size_t bytes) noexcept {
  [[maybe_unused]] const int failed = ::madvise(start, bytes, MADV_DONTNEED);
  assert(failed == 0);
}

}  // namespace pkv
