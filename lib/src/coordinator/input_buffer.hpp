#pragma once

#include "base/byte_buffer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace pkv {

/// The bytes received from one client and not yet understood, in one piece.
///
///     consumed | unread            | free
///     ---------+-------------------+---------
///              begin_              end        capacity
///
/// Starts small, doubles while the client fills it, and shrinks again when it is empty or what is
/// left is little, so that idle connections cost next to nothing.
///
/// Thread safety: none. Lifetime: views end with the next call of prepare().
class InputBuffer {
 public:
  [[nodiscard]] std::string_view unread() const noexcept { return bytes_.view().substr(begin_); }

  /// Room for the next read: at least what ask_for() asked for, within reason.
  [[nodiscard]] std::span<char> prepare() {
    if (begin_ == bytes_.size())
      rewind();
    else if (bytes_.capacity() > largest_sparse_capacity)
      give_back();
    if (bytes_.capacity() - bytes_.size() < wanted_bytes_) make_room();
    return {bytes_.data() + bytes_.size(), bytes_.capacity() - bytes_.size()};
  }

  /// Says how much of the prepared room was filled.
  void commit(std::size_t bytes) {
    const bool filled = bytes_.size() + bytes == bytes_.capacity();
    bytes_.extend(bytes);
    wanted_bytes_ = filled ? std::min(2 * bytes_.capacity(), most_read_bytes) : least_read_bytes;
  }

  void consume(std::size_t bytes) noexcept { begin_ += bytes; }

  /// Says that nothing can be done before this many more bytes have arrived. Room for them is made
  /// in steps, as they arrive: what a client announces is not yet worth memory.
  void ask_for(std::size_t bytes) noexcept {
    const std::size_t most = std::max(most_read_bytes, 3 * unread().size());
    wanted_bytes_ = std::max(wanted_bytes_, std::min(bytes, most));
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return bytes_.capacity(); }

 private:
  static constexpr std::size_t first_capacity = std::size_t{4} << 10;
  static constexpr std::size_t idle_capacity = std::size_t{16} << 10;
  static constexpr std::size_t least_read_bytes = std::size_t{2} << 10;
  static constexpr std::size_t most_read_bytes = std::size_t{256} << 10;
  static constexpr std::size_t largest_sparse_capacity = std::size_t{1} << 20;

  void rewind() {
    begin_ = 0;
    if (bytes_.capacity() > idle_capacity && wanted_bytes_ <= least_read_bytes)
      bytes_ = ByteBuffer();
    else
      bytes_.clear();
  }

  // After a large command: the little that is unread behind it must not keep its memory.
  void give_back() {
    const std::size_t needed = unread().size() + wanted_bytes_;
    if (needed > bytes_.capacity() / 4) return;
    ByteBuffer smaller(needed);
    smaller.append(unread());
    bytes_ = std::move(smaller);
    begin_ = 0;
  }

  void make_room() {
    // Moving what is unread to the front may be enough; it is little compared to what was consumed.
    if (begin_ > 0) {
      const std::size_t unread_bytes = bytes_.size() - begin_;
      std::memmove(bytes_.data(), bytes_.data() + begin_, unread_bytes);
      bytes_.resize(unread_bytes);
      begin_ = 0;
    }
    if (bytes_.capacity() - bytes_.size() < wanted_bytes_)
      bytes_.reserve(std::max(first_capacity, bytes_.size() + wanted_bytes_));
  }

  ByteBuffer bytes_;
  std::size_t begin_ = 0;
  std::size_t wanted_bytes_ = least_read_bytes;
};

}  // namespace pkv
