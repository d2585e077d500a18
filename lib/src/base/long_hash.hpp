#pragma once

#include <cstdint>
#include <string_view>

namespace pkv {

/// The same value as hash_bytes(), for many bytes: with the widest vectors that this CPU has, where
/// hash_bytes() uses those that every CPU has. Half as fast again on a megabyte, and more where the
/// rest is not optimised much; a call through a pointer, so not for keys.
///
/// Thread safety: any thread.
[[nodiscard]] std::uint64_t hash_long_bytes(std::string_view bytes) noexcept;

}  // namespace pkv
