#pragma once

#include <cstdint>
#include <string_view>

namespace pkv {

/// The sequence number of the write that an entry comes from; a newer write has a greater number.
using Version = std::uint64_t;

/// Milliseconds since 1970, UTC.
using Timestamp = std::int64_t;

/// As a time of expiry: none.
inline constexpr Timestamp never = 0;

/// A value where the engine keeps it.
struct ValueView {
  std::string_view value;
  Version version = 0;
  Timestamp expires_at = never;  ///< From then on it is as if there were no such entry.
};

/// An entry where the engine keeps it.
struct EntryView {
  std::string_view key;
  std::string_view value;
  Version version = 0;
  Timestamp expires_at = never;
};

/// Whether an entry with this time of expiry is no more.
[[nodiscard]] constexpr bool has_expired(Timestamp expires_at, Timestamp now) noexcept {
  return expires_at != never && expires_at <= now;
}

}  // namespace pkv
