#include "protocol/number_line.hpp"

#include "base/decimal.hpp"

namespace pkv {

NumberLine read_number_line(std::string_view unread, std::size_t searched_bytes) noexcept {
  using Status = NumberLine::Status;
  const std::size_t line_end = unread.substr(0, max_number_line_bytes).find('\r', searched_bytes);
  if (line_end == std::string_view::npos) {
    if (unread.size() >= max_number_line_bytes) return {.status = Status::too_long};
    return {.status = Status::partial, .bytes = unread.size()};
  }
  if (line_end + 1 == unread.size()) return {.status = Status::partial, .bytes = line_end};
  if (line_end == 0 || unread[line_end + 1] != '\n') return {.status = Status::malformed};

  const auto number = parse_integer(unread.substr(1, line_end - 1));
  if (!number) return {.status = Status::malformed};
  return {.status = Status::complete, .bytes = line_end + 2, .number = *number};
}

}  // namespace pkv
