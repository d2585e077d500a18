#pragma once

#include <cstddef>

namespace pkv {

/// What the functions below are given is a multiple of this, which no supported page size exceeds.
inline constexpr std::size_t page_chunk_bytes = std::size_t{64} << 10;

/// Gets zeroed memory from the system, aligned to a page; null if there is none.
///
/// It costs address space only until it is touched, page by page. Taken from the system rather than
/// from malloc, because malloc keeps what it is given back unless it lies at the end of its heap.
[[nodiscard]] void* map_pages(std::size_t bytes) noexcept;

void unmap_pages(void* start, std::size_t bytes) noexcept;

/// Gives the memory back but keeps the addresses: they read as zero.
void drop_pages(void* start, std::size_t bytes) noexcept;

}  // namespace pkv
