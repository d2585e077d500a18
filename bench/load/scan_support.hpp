#pragma once

#include "load/protocol.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace pkv::bench {

inline constexpr std::string_view line_end = "\r\n";
/// A longer line is no answer of a server.
inline constexpr std::size_t longest_line_bytes = std::size_t{64} << 10;
inline constexpr std::size_t longest_value_bytes = std::size_t{1} << 30;

[[nodiscard]] inline ScanResult incomplete(std::size_t missing_bytes) {
  return {ScanResult::Status::need_more, missing_bytes, {}};
}

[[nodiscard]] inline ScanResult broken() {
  return {ScanResult::Status::broken, 0, {}};
}

[[nodiscard]] inline ScanResult complete(std::size_t bytes, Answer::Type type,
                                         std::string_view text) {
  return {ScanResult::Status::complete, bytes, {type, text}};
}

/// The first line without its end, or nothing while that has not come.
[[nodiscard]] inline std::optional<std::string_view> first_line(std::string_view unread) {
  const std::size_t end = unread.substr(0, longest_line_bytes).find(line_end);
  if (end == std::string_view::npos) return std::nullopt;
  return unread.substr(0, end);
}

/// What to say when there is no first line.
[[nodiscard]] inline ScanResult without_line(std::string_view unread) {
  return unread.size() < longest_line_bytes ? incomplete(1) : broken();
}

}  // namespace pkv::bench
