#pragma once

#include "base/byte_buffer.hpp"
#include "base/endian.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

/// What the operations on views of a node's entries carry, beside what copying.hpp describes: the
/// value of Opcode::open_view is that of define_ranges, that of view_page a CopyRequest and its
/// answer a page, with the view's number for that of a set.
namespace pkv::wire {

/// Adds the value of Opcode::close_view: the view's number (4).
inline void append_view_number(ByteBuffer& to, std::uint32_t number) {
  store(to.extend(sizeof number), number);
}

[[nodiscard]] inline std::optional<std::uint32_t> read_view_number(
    std::string_view value) noexcept {
  if (value.size() != sizeof(std::uint32_t)) return std::nullopt;
  return load<std::uint32_t>(value.data());
}

}  // namespace pkv::wire
