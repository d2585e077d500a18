#include "base/decimal.hpp"
#include "load/scan_support.hpp"
#include "protocol/number_line.hpp"

#include <algorithm>
#include <cstdint>

namespace pkv::bench {
namespace {

constexpr std::int64_t most_elements = std::int64_t{1} << 20;

struct Number {
  std::size_t line_bytes;
  std::int64_t value;
};

/// The number in the first line, behind its type; nothing if it has not come or is none.
std::optional<Number> first_number(std::string_view unread) {
  std::size_t length = 0;
  const char* const end = unread.data() + unread.size();
  if (const char* behind = parse_length_line(unread.data() + 1, end, length))
    return Number{static_cast<std::size_t>(behind - unread.data()),
                  static_cast<std::int64_t>(length)};
  const std::optional<std::string_view> line = first_line(unread);
  if (!line) return std::nullopt;
  const std::optional<std::int64_t> value = parse_integer(line->substr(1));
  if (!value) return std::nullopt;
  return Number{line->size() + line_end.size(), *value};
}

ScanResult scan_status(std::string_view unread, Answer::Type type) {
  const std::optional<std::string_view> line = first_line(unread);
  if (!line) return without_line(unread);
  return complete(line->size() + line_end.size(), type, line->substr(1));
}

ScanResult scan_bulk(std::string_view unread, Number length) {
  if (length.value == -1) return complete(length.line_bytes, Answer::Type::missing, {});
  if (length.value < 0 || length.value > static_cast<std::int64_t>(longest_value_bytes))
    return broken();
  const auto value_bytes = static_cast<std::size_t>(length.value);
  const std::size_t all = length.line_bytes + value_bytes + line_end.size();
  if (unread.size() < all) return incomplete(all - unread.size());
  if (unread.substr(all - line_end.size(), line_end.size()) != line_end) return broken();
  return complete(all, Answer::Type::value, unread.substr(length.line_bytes, value_bytes));
}

ScanResult scan_list(std::string_view unread, Number length) {
  if (length.value > most_elements) return broken();
  std::size_t bytes = length.line_bytes;
  // Elements that are still to come; an array within an array adds its own, hence no recursion.
  std::int64_t missing = length.value;
  for (; missing > 0; --missing) {
    const std::string_view rest = unread.substr(bytes);
    if (!rest.empty() && rest.front() == '*') {
      const std::optional<Number> inner = first_number(rest);
      if (!inner) return first_line(rest) ? broken() : without_line(rest);
      if (inner->value > most_elements - missing) return broken();
      if (inner->value > 0) missing += inner->value;
      bytes += inner->line_bytes;
      continue;
    }
    const ScanResult element = scan_resp(rest);
    if (element.status != ScanResult::Status::complete) return element;
    bytes += element.bytes;
  }
  return complete(bytes, Answer::Type::list, unread.substr(0, bytes));
}

}  // namespace

ScanResult scan_resp(std::string_view unread) {
  if (unread.empty()) return incomplete(1);
  const char type = unread.front();
  if (type == '+') return scan_status(unread, Answer::Type::done);
  if (type == '-') return scan_status(unread, Answer::Type::error);
  if (type != ':' && type != '$' && type != '*') return broken();
  const std::optional<Number> number = first_number(unread);
  if (!number) return first_line(unread) ? broken() : without_line(unread);
  if (type == '$') return scan_bulk(unread, *number);
  if (type == '*') return scan_list(unread, *number);
  return complete(number->line_bytes, Answer::Type::other,
                  unread.substr(1, number->line_bytes - 3));
}

std::string_view cursor_of(std::string_view list) {
  const std::optional<std::string_view> header = first_line(list);
  if (!header) return {};
  const ScanResult first = scan_resp(list.substr(header->size() + line_end.size()));
  const bool is_value =
      first.status == ScanResult::Status::complete && first.answer.type == Answer::Type::value;
  return is_value ? first.answer.text : std::string_view{};
}

std::string quoted(std::string_view bytes) {
  constexpr std::size_t most_shown = 80;
  std::string text = "'";
  for (const char byte : bytes.substr(0, std::min(most_shown, bytes.find('\r'))))
    text += byte >= ' ' && byte <= '~' ? byte : '?';
  return text + (bytes.size() > most_shown ? "...'" : "'");
}

}  // namespace pkv::bench
