#pragma once

#include "storage/bucket.hpp"

#include <cstddef>

namespace pkv {

/// The buckets in which full buckets of the index go on: a free list, and blocks of pages from
/// which new ones are cut.
///
/// Taking cannot fail, so that a chain is never left half rearranged; memory is asked for before,
/// by reserve().
///
/// Thread safety: none.
/// Lifetime: buckets live until they are released, or the pool is cleared or destroyed.
class BucketPool {
 public:
  BucketPool() = default;
  BucketPool(const BucketPool&) = delete;
  BucketPool& operator=(const BucketPool&) = delete;

  ~BucketPool() { clear(); }

  /// Makes sure that `buckets` can be taken; returns false if there is no memory for them.
  [[nodiscard]] bool reserve(std::size_t buckets) noexcept {
    while (free_count_ + uncut_count_ < buckets) {
      if (!add_block()) return false;
    }
    return true;
  }

  /// Returns an empty bucket.
  /// Requires: reserved.
  [[nodiscard]] Bucket* take() noexcept;

  void release(Bucket* bucket) noexcept;

  /// Gives all memory back, whether its buckets were released or not.
  void clear() noexcept;

  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  struct FreeBucket {
    FreeBucket* next;
  };

  /// Takes the place of the first bucket of a block.
  struct Block {
    Block* next;
  };

  [[nodiscard]] bool add_block() noexcept;

  Block* blocks_ = nullptr;
  std::size_t block_count_ = 0;
  Bucket* uncut_ = nullptr;  ///< The rest of the newest block, not touched yet.
  std::size_t uncut_count_ = 0;
  FreeBucket* free_ = nullptr;
  std::size_t free_count_ = 0;
};

}  // namespace pkv
