#pragma once

#include "load/options.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace pkv::bench {

inline constexpr std::size_t most_key_bytes = std::size_t{64} << 10;
inline constexpr std::size_t most_value_bytes = std::size_t{512} << 20;
inline constexpr std::size_t most_clients = 10'000;
inline constexpr std::size_t most_threads = 64;
inline constexpr std::size_t most_pipeline = 10'000;
inline constexpr std::uint64_t most_operations = 1'000'000'000'000;
inline constexpr double longest_seconds = 7 * 24 * 3600;

/// What makes options of which each alone is right impossible together; nothing if they go well.
[[nodiscard]] std::optional<std::string> fault_of(const Options& options);

}  // namespace pkv::bench
