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
  [[maybe_unused]] const int failed = ::munmap(start, bytes);
  assert(failed == 0);
}

void drop_pages(void* start, std::size_t bytes) noexcept {
  [[maybe_unused]] const int failed = ::madvise(start, bytes, MADV_DONTNEED);
  assert(failed == 0);
}

}  // namespace pkv
