#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace pkv::cli {

/// Cuts input into lines, which end with \n or \r\n and may arrive in any pieces.
///
/// Memory is bounded: of a line beyond the limit nothing is kept, and it is reported as too long.
///
/// Thread safety: none.
class InputLines {
 public:
  /// Gets one line without its end; false means that no more are wanted.
  using OnLine = std::function<bool(std::string_view line, bool too_long)>;

  explicit InputLines(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}

  /// Returns false as soon as `on_line` does.
  bool split(std::string_view bytes, const OnLine& on_line);

  /// The input has ended: what is left is a line, too.
  bool finish(const OnLine& on_line);

 private:
  void keep(std::string_view piece);
  bool end_line(std::string_view line, const OnLine& on_line);

  std::size_t max_line_bytes_;
  std::string begun_;  // a line whose end has not come
  bool too_long_ = false;
};

}  // namespace pkv::cli
