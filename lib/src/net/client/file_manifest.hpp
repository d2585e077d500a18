#pragma once

#include "pkv/file_error.hpp"
#include "pkv/file_stream.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pkv {

/// What the key of a file's name holds.
///
///     pkv-file 1
///     size 5
///     chunk-size 1048576
///     generation 0f1e...            32 digits; the keys of the chunks contain it
///     checksum 3b1c...              XXH3 with 128 bits of the whole content
///     content-type text/plain
///     modified 1790000000000000000  nanoseconds since 1970
///     entry 17                      its number in the index when it was written
///     (an empty line)
struct FileManifest {
  FileInfo info;
  std::uint64_t entry = 0;

  [[nodiscard]] std::uint64_t chunks() const noexcept {
    return info.size_bytes / info.chunk_bytes + (info.size_bytes % info.chunk_bytes != 0 ? 1 : 0);
  }
};

[[nodiscard]] std::string to_text(const FileManifest& manifest);

/// Fails with FileFault::not_a_file, newer_format, or damaged if it is a manifest but not a whole
/// one.
[[nodiscard]] FileResult<FileManifest> parse_manifest(std::string_view name, std::string_view text);

inline constexpr std::uint64_t largest_chunk_bytes = std::uint64_t{64} << 20;
inline constexpr std::size_t largest_content_type_bytes = 255;

}  // namespace pkv
