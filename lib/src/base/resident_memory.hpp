#pragma once

#include <cstdint>

namespace pkv {

/// Bytes of memory that this process occupies now (Linux: /proc/self/statm); 0 if that is not
/// known.
[[nodiscard]] std::uint64_t resident_bytes() noexcept;

}  // namespace pkv
