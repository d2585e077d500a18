#include "file_range.hpp"

#include "value_argument.hpp"

#include <charconv>
#include <optional>

namespace pkv::cli {
namespace {

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

FileRange parse_range(std::string_view words) {
  if (words.empty()) return {};
  const std::size_t dash = words.find('-');
  if (dash != std::string_view::npos) {
    const auto first = number(words.substr(0, dash));
    const std::string_view behind = words.substr(dash + 1);
    if (first && behind.empty()) return {*first, UINT64_MAX - 1 - *first};
    const auto last = number(behind);
    if (first && last && *first <= *last && *last < UINT64_MAX) return {*first, *last - *first + 1};
  }
  throw UsageError(
      "--range takes A-B, the first and the last byte counted from 0, or A- for all from A on; "
      "not " +
      std::string(words));
}

}  // namespace pkv::cli
