#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace pkv {

/// A growable block of bytes that is never zero-filled.
///
/// What std::vector<char> would be if resize() did not write: frames and socket buffers are
/// overwritten anyway, and realloc lets the kernel move the pages of a large block instead of
/// copying.
///
/// Thread safety: none.
/// Lifetime: pointers into it are valid until the next call that may grow it.
/// Errors: std::bad_alloc when there is no memory; the content is unchanged then.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  explicit ByteBuffer(std::size_t capacity) { reserve(capacity); }
  ByteBuffer(ByteBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)),
        front_(std::exchange(other.front_, 0)) {}
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    ByteBuffer taken(std::move(other));
    swap(taken);
    return *this;
  }
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;
  ~ByteBuffer() { std::free(data_ - front_); }

  [[nodiscard]] char* data() noexcept { return data_; }
  [[nodiscard]] const char* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::string_view view() const noexcept { return {data_, size_}; }

  void clear() noexcept { size_ = 0; }

  /// Makes room for `bytes` in all, exactly.
  void reserve(std::size_t bytes) {
    if (bytes <= capacity_) return;
    // realloc() copies all of the old block, also what has never been written.
    const bool mostly_unused = size_ < capacity_ / 4 || front_ > 0;
    void* grown = mostly_unused ? std::malloc(bytes) : std::realloc(data_, bytes);
    if (grown == nullptr) throw std::bad_alloc();
    if (mostly_unused) {
      if (size_ > 0) std::memcpy(grown, data_, size_);
      std::free(data_ - front_);
    }
    data_ = static_cast<char*>(grown);
    capacity_ = bytes;
    front_ = 0;
  }

  /// Sets the size; new bytes are uninitialised.
  void resize(std::size_t bytes) {
    reserve(bytes);
    size_ = bytes;
  }

  /// Adds `bytes` uninitialised bytes at the end and returns where they start. Grows geometrically.
  char* extend(std::size_t bytes) {
    const std::size_t wanted = size_ + bytes;
    if (wanted > capacity_) [[unlikely]]
      grow(wanted);
    char* start = data_ + size_;
    size_ = wanted;
    return start;
  }

  /// Room for `bytes` at the end, to be filled and then kept with commit(). Grows as extend().
  char* prepare(std::size_t bytes) {
    if (capacity_ - size_ < bytes) [[unlikely]]
      grow(size_ + bytes);
    return data_ + size_;
  }
  /// Keeps the bytes before `end` of what was prepared.
  void commit(const char* end) noexcept { size_ = static_cast<std::size_t>(end - data_); }

  void append(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }

  /// Requires: bytes <= size().
  void drop_back(std::size_t bytes) noexcept {
    assert(bytes <= size_);
    size_ -= bytes;
  }

  /// Gives up bytes at the front, without moving those behind them. Their room is lost until the
  /// buffer grows. Requires: bytes <= size().
  void drop_front(std::size_t bytes) noexcept {
    assert(bytes <= size_);
    data_ += bytes;
    size_ -= bytes;
    capacity_ -= bytes;
    front_ += bytes;
  }

  /// Gives the block up, which is from malloc(): all of it, also what lies before data(), so many
  /// bytes that capacity() of them are from data() on.
  [[nodiscard]] char* release() noexcept {
    char* const block = data_ - front_;
    data_ = nullptr;
    size_ = capacity_ = front_ = 0;
    return block;
  }
  /// How many bytes of its block lie before data(): what drop_front() has given up.
  [[nodiscard]] std::size_t front_bytes() const noexcept { return front_; }

  void swap(ByteBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(front_, other.front_);
  }

 private:
  // Apart, so that what remains of extend() is small enough to be inlined everywhere.
  [[gnu::noinline]] void grow(std::size_t wanted) {
    reserve(std::max(wanted, capacity_ + capacity_ / 2));
  }

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t front_ = 0;  // bytes of the block that lie before data_
};

}  // namespace pkv
