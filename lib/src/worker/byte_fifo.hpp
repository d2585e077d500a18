#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

namespace pkv {

/// A line of blocks of bytes: added at the end, taken from the front, in place meanwhile.
///
/// Memory comes in chunks, so that nothing is ever moved and what has been taken is given back.
///
/// Thread safety: none.
/// Lifetime: a block is good until it is taken.
/// Errors: push() throws std::bad_alloc and leaves everything as it was.
class ByteFifo {
 public:
  static constexpr std::size_t chunk_bytes = std::size_t{256} << 10;
  /// Blocks start at multiples of it.
  static constexpr std::size_t alignment = alignof(std::max_align_t);

  /// Adds an uninitialised block and returns where it starts.
  /// Requires: bytes > 0 and a multiple of `alignment`.
  [[nodiscard]] char* push(std::size_t bytes);

  /// The oldest block. Requires: !empty().
  [[nodiscard]] char* front() noexcept {
    return chunks_.front().memory.get() + chunks_.front().begin;
  }
  /// Takes the oldest block. Requires: it was pushed with just so many bytes.
  void pop(std::size_t bytes) noexcept;

  [[nodiscard]] bool empty() const noexcept { return chunks_.empty(); }

 private:
  struct Chunk {
    std::unique_ptr<char[]> memory;
    std::size_t capacity = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  [[nodiscard]] Chunk make_chunk(std::size_t bytes);

  std::deque<Chunk> chunks_;    // none is empty
  std::optional<Chunk> spare_;  // lest one block that comes and goes allocate each time
};

}  // namespace pkv
