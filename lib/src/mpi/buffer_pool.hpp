#pragma once

#include "base/byte_buffer.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace pkv::mpi {

/// Keeps frame buffers for reuse, the most recently used first: its memory is still in the cache.
///
/// All buffers have room for `buffer_bytes`. Buffers that grew far beyond that, for large values,
/// are not kept, and neither are more than `most_kept`: what is idle is bounded by their product,
/// doubled.
///
/// Thread safety: none. Coordinator and MPI thread have one each: a request's buffer goes down when
/// a reply's comes up, so both stay filled without a lock.
class BufferPool {
 public:
  BufferPool(std::size_t buffer_bytes, std::size_t most_kept)
      : buffer_bytes_(buffer_bytes), most_kept_(most_kept) {
    kept_.reserve(most_kept);
  }

  [[nodiscard]] ByteBuffer take() {
    if (kept_.empty()) return ByteBuffer(buffer_bytes_);
    ByteBuffer buffer = std::move(kept_.back());
    kept_.pop_back();
    return buffer;
  }

  void recycle(ByteBuffer buffer) noexcept {
    const bool fits = buffer.capacity() >= buffer_bytes_ && buffer.capacity() <= 2 * buffer_bytes_;
    if (!fits || kept_.size() == most_kept_) return;
    buffer.clear();
    kept_.push_back(std::move(buffer));
  }

 private:
  std::size_t buffer_bytes_;
  std::size_t most_kept_;
  std::vector<ByteBuffer> kept_;
};

}  // namespace pkv::mpi
