#include "compare/command_counter.hpp"

#include <algorithm>
#include <utility>

namespace pkv::compare {
namespace {

constexpr std::size_t longest_length = std::size_t{1} << 30;
constexpr std::size_t line_end_bytes = 2;

}  // namespace

std::optional<std::size_t> CommandCounter::count(std::string_view input) {
  complete_ = 0;
  while (!input.empty()) {
    if (skipped_ > 0) {
      const std::size_t here = std::min(skipped_, input.size());
      input.remove_prefix(here);
      skipped_ -= here;
      if (skipped_ == 0 && words_ == 0) ++complete_;
    } else {
      if (!read_length_byte(input.front())) return std::nullopt;
      input.remove_prefix(1);
    }
  }
  return complete_;
}

// Returns whether the stream is still one of commands.
bool CommandCounter::read_length_byte(char byte) {
  if (kind_ == 0) {
    kind_ = byte;
    length_ = 0;
    return byte == (words_ == 0 ? '*' : '$');
  }
  if (byte >= '0' && byte <= '9') {
    length_ = length_ * 10 + static_cast<std::size_t>(byte - '0');
    return length_ <= longest_length;
  }
  if (byte == '\n') return end_length();
  return byte == '\r';
}

bool CommandCounter::end_length() {
  if (std::exchange(kind_, '\0') == '*') {
    words_ = length_;
    return words_ > 0;
  }
  --words_;
  skipped_ = length_ + line_end_bytes;
  return true;
}

}  // namespace pkv::compare
