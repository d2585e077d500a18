#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace pkv::cli {

/// What the commands for files can be told.
struct FileCommandOptions {
  bool resume = false;       ///< put-file: go on with an interrupted upload.
  std::string content_type;  ///< put-file; empty: the library's default.
  std::size_t chunk_bytes = std::size_t{512} << 10;
  std::optional<std::size_t> bytes_in_flight;  ///< None: as the library finds right.
  bool force = false;                          ///< get-file: replace a file that is there.
  std::string range;                           ///< get-file: as given.
  double silence_seconds = 5;                  ///< put-file --resume, gc-files.
};

}  // namespace pkv::cli
