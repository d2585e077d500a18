#pragma once

#include "base/byte_buffer.hpp"
#include "coordinator/shared_frame.hpp"

#include <cstddef>
#include <cstring>
#include <deque>
#include <span>
#include <string_view>

namespace pkv {

/// The bytes on their way to one client.
///
/// Small replies are copied one behind the other into a block; large values stay in the frame that
/// brought them and are only referred to, so that a value is never copied whole. The writer takes
/// views of everything, for one gathered write, and reports how much went out:
///
///     blocks, oldest first              tail
///     [ +OK\r\n$200000\r\n | -> frame | \r\n:1\r\n ... ]
///       ^ consumed so far
///
/// Thread safety: none. Lifetime: as SharedFrame.
class OutputQueue {
 public:
  /// Room for `bytes` at the end, to be filled and then kept with commit(). Valid until the next
  /// call.
  char* prepare(std::size_t bytes) {
    if (tail_.size() + bytes > most_tail_bytes && !tail_.empty()) seal_tail();
    return tail_.prepare(bytes);
  }
  /// Keeps the bytes before `end` of what was prepared.
  void commit(const char* end) noexcept { tail_.commit(end); }

  void append(std::string_view bytes) {
    char* at = prepare(bytes.size());
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    commit(at + bytes.size());
  }
  /// Appends bytes that lie in `frame`, by reference if that saves a large copy.
  void append(std::string_view bytes, const SharedFrame& frame);

  [[nodiscard]] std::size_t size() const noexcept {
    return block_bytes_ + tail_.size() - consumed_;
  }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// Views of the oldest bytes, at most one per element of `views`. Returns how many were set.
  std::size_t gather(std::span<std::string_view> views) const noexcept;
  /// Drops the oldest bytes. Requires: bytes <= size().
  void consume(std::size_t bytes);
  /// Drops everything.
  void clear();

 private:
  struct Block {
    ByteBuffer owned;
    SharedFrame frame;
    std::string_view bytes;  // in one of the two
  };

  // A tail beyond this is closed, so that growing it never moves much.
  static constexpr std::size_t most_tail_bytes = std::size_t{64} << 10;

  void seal_tail();

  std::deque<Block> blocks_;
  ByteBuffer tail_;
  std::size_t block_bytes_ = 0;  // in blocks_, consumed ones included
  std::size_t consumed_ = 0;     // of the oldest block, or of the tail if there is none
};

}  // namespace pkv
