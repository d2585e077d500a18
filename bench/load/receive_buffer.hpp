#pragma once

#include "base/byte_buffer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace pkv::bench {

/// The bytes received and not yet understood, in one piece.
///
/// Unlike a server's, it never gives memory back: a generator gets answers of the same length again
/// and again.
///
/// Thread safety: none. Lifetime: views end with the next call of prepare().
class ReceiveBuffer {
 public:
  [[nodiscard]] std::string_view unread() const noexcept {
    return {bytes_.data() + begin_, end_ - begin_};
  }

  /// Room for at least `wanted_bytes`.
  [[nodiscard]] std::span<char> prepare(std::size_t wanted_bytes) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (bytes_.size() - end_ < wanted_bytes) make_room(wanted_bytes);
    return {bytes_.data() + end_, bytes_.size() - end_};
  }

  /// Says how much of the prepared room was filled.
  void commit(std::size_t bytes) noexcept { end_ += bytes; }

  void consume(std::size_t bytes) noexcept { begin_ += bytes; }

 private:
  static constexpr std::size_t first_bytes = std::size_t{16} << 10;

  void make_room(std::size_t wanted_bytes) {
    const std::size_t unread_bytes = end_ - begin_;
    if (unread_bytes > 0) std::memmove(bytes_.data(), bytes_.data() + begin_, unread_bytes);
    begin_ = 0;
    end_ = unread_bytes;
    const std::size_t needed = unread_bytes + wanted_bytes;
    if (needed > bytes_.size()) bytes_.resize(std::max({first_bytes, needed, 2 * bytes_.size()}));
  }

  ByteBuffer bytes_;  // all of its size is room
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace pkv::bench
