#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pkv {

/// What has happened to a write when it is answered, on every node that holds its key; each level
/// is more than the one before.
enum class Durability : std::uint8_t {
  none,   ///< It is with the operating system, which is never asked to write it to the disk.
  batch,  ///< It is with the operating system: the death of the process does not undo it.
  fsync,  ///< It is on the disk: a loss of power does not undo it either.
};

/// "none", "batch" or "fsync".
[[nodiscard]] std::string_view to_text(Durability durability) noexcept;

/// The level of that name, in whatever case.
[[nodiscard]] std::optional<Durability> parse_durability(std::string_view name) noexcept;

}  // namespace pkv
