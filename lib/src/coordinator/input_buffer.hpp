#pragma once

#include "base/byte_buffer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
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
/// A large value need not be copied out: detach() gives its memory away, with room before it for
/// what it is to be sent with.
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

  /// Consumes the `command_bytes` of a command and gives up the memory in which its argument
  /// `value` lies. What is returned ends with the value, where it was, behind `room` bytes that are
  /// free to be written over; views of the command stay valid until then. It is empty, and nothing
  /// has happened, if the value lies elsewhere, there is not so much room, or too much memory would
  /// go along with the value or too many bytes stay behind. Requires: room > 0.
  [[nodiscard]] ByteBuffer detach(std::string_view value, std::size_t room,
                                  std::size_t command_bytes) {
    const std::string_view rest = unread().substr(command_bytes);
    const std::size_t offset = offset_of(value);
    const bool worthwhile =
        value.size() >= bytes_.capacity() / 2 && rest.size() <= value.size() / 4;
    if (offset < room || !worthwhile) return {};
    ByteBuffer taken(bytes_.capacity());  // clients that send a large value send more of them
    taken.resize(front_room);
    taken.append(rest);
    bytes_.swap(taken);
    begin_ = front_room;
    taken.resize(offset + value.size());
    taken.drop_front(offset - room);
    return taken;
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return bytes_.capacity(); }

 private:
  static constexpr std::size_t first_capacity = std::size_t{4} << 10;
  static constexpr std::size_t idle_capacity = std::size_t{16} << 10;
  static constexpr std::size_t least_read_bytes = std::size_t{2} << 10;
  static constexpr std::size_t most_read_bytes = std::size_t{256} << 10;
  static constexpr std::size_t largest_sparse_capacity = std::size_t{1} << 20;
  // Where much is expected, so much is left free before it: with the command's syntax it is enough
  // room for detach(), as a rule.
  static constexpr std::size_t least_much = std::size_t{64} << 10;
  static constexpr std::size_t front_room = 64;

  [[nodiscard]] static std::size_t front_for(std::size_t bytes) noexcept {
    return bytes >= least_much ? front_room : 0;
  }

  // Of a view into bytes_; 0 if it is none.
  [[nodiscard]] std::size_t offset_of(std::string_view view) const noexcept {
    const bool inside = std::less_equal<>()(bytes_.data(), view.data()) &&
                        std::less<>()(view.data(), bytes_.data() + bytes_.size());
    return inside ? static_cast<std::size_t>(view.data() - bytes_.data()) : 0;
  }

  void rewind() {
    if (bytes_.capacity() > idle_capacity && wanted_bytes_ <= least_read_bytes)
      bytes_ = ByteBuffer();
    begin_ = front_for(bytes_.capacity());
    bytes_.resize(begin_);
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
    const std::size_t unread_bytes = bytes_.size() - begin_;
    const std::size_t front = front_for(unread_bytes + wanted_bytes_);
    if (begin_ < front) bytes_.reserve(front + unread_bytes + wanted_bytes_);
    // Moving what is unread to the front may be enough; it is little compared to what was consumed.
    if (begin_ != front) {
      std::memmove(bytes_.data() + front, bytes_.data() + begin_, unread_bytes);
      bytes_.resize(front + unread_bytes);
      begin_ = front;
    }
    if (bytes_.capacity() - bytes_.size() < wanted_bytes_)
      bytes_.reserve(std::max(first_capacity, bytes_.size() + wanted_bytes_));
  }

  ByteBuffer bytes_;
  std::size_t begin_ = 0;
  std::size_t wanted_bytes_ = least_read_bytes;
};

}  // namespace pkv
