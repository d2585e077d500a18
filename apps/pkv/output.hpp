#pragma once

#include <string>
#include <string_view>

namespace pkv::cli {

/// Standard output through one large buffer, so that an answer costs no system call.
///
/// Thread safety: none.
/// Lifetime: flush() before the end; the destructor does not, since it could not say that it
/// failed. Errors: what cannot be written, because nobody reads it any more or the disk is full, is
/// dropped, as is all that follows; is_closed() tells.
class Output {
 public:
  void append(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= flush_bytes) flush();
  }

  /// Writes what is buffered. Waits while a slow reader's pipe is full.
  void flush();

  [[nodiscard]] bool is_closed() const noexcept { return error_ != 0; }

  /// Why, as errno tells it; EPIPE is a reader that had enough.
  [[nodiscard]] int error() const noexcept { return error_; }

 private:
  static constexpr std::size_t flush_bytes = std::size_t{64} << 10;

  std::string buffer_;
  int error_ = 0;
};

}  // namespace pkv::cli
