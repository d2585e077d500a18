#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pkv::bench {

/// What an operation does, in the order of every table and file.
enum class Kind : std::uint8_t { read, update, insert, scan, read_modify_write };

inline constexpr std::array<Kind, 5> kinds = {Kind::read, Kind::update, Kind::insert, Kind::scan,
                                              Kind::read_modify_write};

/// What is kept for each Kind; the Kind is the index.
template <class T>
using PerKind = std::array<T, kinds.size()>;

[[nodiscard]] constexpr std::size_t index_of(Kind kind) noexcept {
  return static_cast<std::size_t>(kind);
}

[[nodiscard]] constexpr std::string_view name_of(Kind kind) noexcept {
  constexpr PerKind<std::string_view> names = {"read", "update", "insert", "scan",
                                               "read-modify-write"};
  return names[index_of(kind)];
}

/// One thing to do. A read-modify-write takes two requests, all others one.
struct Operation {
  Kind kind = Kind::read;
  std::uint8_t scan_count = 0;  ///< Entries asked for by a scan.
  std::uint64_t key = 0;        ///< Number of the key; a scan has none.

  friend bool operator==(const Operation&, const Operation&) = default;
};

}  // namespace pkv::bench
