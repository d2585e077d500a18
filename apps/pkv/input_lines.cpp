#include "input_lines.hpp"

namespace pkv::cli {

bool InputLines::split(std::string_view bytes, const OnLine& on_line) {
  for (;;) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      keep(bytes);
      return true;
    }
    const std::string_view piece = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (begun_.empty() && !too_long_) {  // the usual case: whole lines, not copied
      if (!end_line(piece, on_line)) return false;
      continue;
    }
    keep(piece);
    const std::string line = std::move(begun_);
    begun_.clear();
    if (!end_line(line, on_line)) return false;
  }
}

bool InputLines::finish(const OnLine& on_line) {
  if (begun_.empty() && !too_long_) return true;
  const std::string line = std::move(begun_);
  begun_.clear();
  return end_line(line, on_line);
}

void InputLines::keep(std::string_view piece) {
  if (!too_long_ && begun_.size() + piece.size() <= max_line_bytes_) {
    begun_ += piece;
    return;
  }
  too_long_ = true;
  begun_ = std::string();  // clear() would keep the memory
}

bool InputLines::end_line(std::string_view line, const OnLine& on_line) {
  const bool too_long = too_long_ || line.size() > max_line_bytes_;
  too_long_ = false;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return on_line(line, too_long);
}

}  // namespace pkv::cli
