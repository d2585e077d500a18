#pragma once

#include "torture/checker/value.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pkv::torture {

/// Bytes that tell which write they come from, and whether they are all there. Pieces may stand one
/// behind the other, as APPEND puts them.
///
///     0     8        16                            length
///     | tag | length | random bytes, from a place |
///     |     |        | that the tag gives         |
///
/// Requires: 16 <= bytes <= most_piece_bytes.
[[nodiscard]] std::string make_piece(std::uint64_t tag, std::size_t bytes);

inline constexpr std::size_t most_piece_bytes = std::size_t{64} << 10;

/// The value that the bytes are; nothing if they are no whole pieces.
[[nodiscard]] std::optional<Value> read_pieces(std::string_view bytes);

}  // namespace pkv::torture
