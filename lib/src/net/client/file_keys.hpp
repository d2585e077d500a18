#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// The keys that files are kept under, beside the manifest, whose key is the file's name.
namespace pkv::file_keys {

inline constexpr std::string_view prefix = "pkv:file:";

/// Number of the next entry of the index; a counter.
inline constexpr std::string_view next_entry = "pkv:file:next";
/// Entries below this number are no more; none: 1.
inline constexpr std::string_view first_entry = "pkv:file:first";

[[nodiscard]] inline std::string entry(std::uint64_t number) {
  return "pkv:file:entry:" + std::to_string(number);
}

[[nodiscard]] inline std::string chunk(std::string_view generation, std::uint64_t number) {
  return "pkv:file:chunk:" + std::string(generation) + ':' + std::to_string(number);
}

/// The checksums of a page's worth of chunks.
[[nodiscard]] inline std::string checksums(std::string_view generation, std::uint64_t page) {
  return "pkv:file:sums:" + std::string(generation) + ':' + std::to_string(page);
}

}  // namespace pkv::file_keys
