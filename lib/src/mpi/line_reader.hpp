#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pkv::mpi {

/// Cuts a stream of bytes into lines of bounded length.
///
///     reader.append(bytes);
///     while (auto line = reader.next()) ...
///     if (reader.overlong()) the peer does not speak our protocol
///
/// Thread safety: none. Errors: none; a line that is too long stops the reader for good.
class LineReader {
 public:
  /// `longest` is counted in bytes, without the newline.
  explicit LineReader(std::size_t longest) : longest_(longest) {}

  void append(std::string_view bytes) { pending_ += bytes; }

  /// The next line, without its newline. Nothing if there is no whole one, or it is too long.
  [[nodiscard]] std::optional<std::string> next() {
    const std::size_t end = pending_.find('\n');
    if (end == std::string::npos || end > longest_) return std::nullopt;
    std::string line = pending_.substr(0, end);
    pending_.erase(0, end + 1);
    return line;
  }

  /// To be asked when next() has no more lines.
  [[nodiscard]] bool overlong() const noexcept { return pending_.size() > longest_; }

  void clear() noexcept { pending_.clear(); }

 private:
  std::size_t longest_;
  std::string pending_;
};

}  // namespace pkv::mpi
