#include "worker/byte_fifo.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pkv {

char* ByteFifo::push(std::size_t bytes) {
  assert(bytes > 0 && bytes % alignment == 0);
  if (chunks_.empty() || chunks_.back().capacity - chunks_.back().end < bytes)
    chunks_.push_back(make_chunk(bytes));
  Chunk& chunk = chunks_.back();
  char* const block = chunk.memory.get() + chunk.end;
  chunk.end += bytes;
  return block;
}

void ByteFifo::pop(std::size_t bytes) noexcept {
  Chunk& chunk = chunks_.front();
  assert(bytes <= chunk.end - chunk.begin);
  chunk.begin += bytes;
  if (chunk.begin < chunk.end) return;
  if (chunk.capacity == chunk_bytes && !spare_) spare_ = std::move(chunk);
  chunks_.pop_front();
}

ByteFifo::Chunk ByteFifo::make_chunk(std::size_t bytes) {
  if (bytes <= chunk_bytes && spare_) {
    Chunk chunk = *std::exchange(spare_, std::nullopt);
    chunk.begin = chunk.end = 0;
    return chunk;
  }
  const std::size_t capacity = std::max(bytes, chunk_bytes);
  return {std::make_unique_for_overwrite<char[]>(capacity), capacity};
}

}  // namespace pkv
