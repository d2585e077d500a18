#pragma once

#include "base/byte_buffer.hpp"
#include "coordinator/shared_frame.hpp"

#include <cstddef>
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
    prepared_at_ = tail_.size();
    return tail_.extend(bytes);
  }
  /// Keeps the bytes before `end` of what was prepared.
  void commit(const char* end) {
    const auto kept = static_cast<std::size_t>(end - tail_.data());
    size_ += kept - prepared_at_;
    tail_.drop_back(tail_.size() - kept);
  }

  void append(std::string_view bytes);
  /// Appends bytes that lie in `frame`, by reference if that saves a large copy.
  void append(std::string_view bytes, const SharedFrame& frame);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

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
  std::size_t size_ = 0;
  std::size_t consumed_ = 0;  // of the oldest block, or of the tail if there is none
  std::size_t prepared_at_ = 0;
};

}  // namespace pkv
