#pragma once

#include "pkv/node_id.hpp"

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace pkv::commands {

/// The whole word as a number; nothing if it is none.
template <class Number>
[[nodiscard]] std::optional<Number> to_number_of(std::string_view word) {
  Number number{};
  const char* const end = word.data() + word.size();
  const auto [stopped, failed] = std::from_chars(word.data(), end, number);
  if (failed != std::errc() || stopped != end) return std::nullopt;
  return number;
}

[[nodiscard]] inline std::optional<NodeId> node_id(std::string_view word) {
  const auto number = to_number_of<std::uint32_t>(word);
  return number ? std::optional(NodeId{*number}) : std::nullopt;
}

[[nodiscard]] inline std::optional<double> node_weight(std::string_view word) {
  return to_number_of<double>(word);
}

inline constexpr std::string_view no_node_id = "ERR a node's id must be a number, see NODES";
inline constexpr std::string_view no_weight = "ERR a weight must be a number above 0";

}  // namespace pkv::commands
