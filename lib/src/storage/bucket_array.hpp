#pragma once

#include "storage/bucket.hpp"
#include "storage/pages.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <cstddef>

namespace pkv {

/// The buckets of the index, in an array that grows and shrinks at its end without ever being
/// copied.
///
/// The array is cut into segments, each as long as all before it together. A segment is mapped when
/// its first bucket is needed and takes memory only as far as it has been used.
///
/// Thread safety: none.
/// Lifetime: references stay valid until their bucket is removed.
/// Errors: the constructor throws std::bad_alloc; afterwards growing fails softly.
class BucketArray {
 public:
  static constexpr std::size_t smallest_size = 64;

  BucketArray();
  BucketArray(const BucketArray&) = delete;
  BucketArray& operator=(const BucketArray&) = delete;
  ~BucketArray();

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] std::size_t bytes() const noexcept { return size_ * sizeof(Bucket); }

  [[nodiscard]] Bucket& operator[](std::size_t index) const noexcept {
    assert(index < size_);
    const unsigned segment = segment_of(index);
    return segments_[segment][index - first_of(segment)];
  }

  /// Adds an empty bucket; returns false if there is no memory for it.
  [[nodiscard]] bool push_back() noexcept;

  /// Requires: size() > smallest_size, and the last bucket is empty.
  void pop_back() noexcept;

  /// Back to `smallest_size` empty buckets.
  void clear() noexcept;

 private:
  static constexpr std::size_t chunk_buckets = page_chunk_bytes / sizeof(Bucket);
  static constexpr unsigned segment_count = 32;

  static unsigned segment_of(std::size_t index) noexcept {
    return static_cast<unsigned>(std::bit_width(index / chunk_buckets));
  }

  static std::size_t first_of(unsigned segment) noexcept {
    return segment == 0 ? 0 : chunk_buckets << (segment - 1);
  }

  static std::size_t bytes_of(unsigned segment) noexcept {
    return (segment == 0 ? chunk_buckets : first_of(segment)) * sizeof(Bucket);
  }

  std::array<Bucket*, segment_count> segments_{};
  std::size_t size_ = smallest_size;
};

}  // namespace pkv
