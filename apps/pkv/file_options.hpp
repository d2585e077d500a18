#pragma once

#include <cstddef>
#include <string>

namespace pkv::cli {

/// What the commands for files can be told.
struct FileCommandOptions {
  bool resume = false;       ///< put-file: go on with an interrupted upload.
  std::string content_type;  ///< put-file; empty: the library's default.
  std::size_t chunk_bytes = std::size_t{1} << 20;
  bool force = false;          ///< get-file: replace a file that is there.
  std::string range;           ///< get-file: as given.
  double silence_seconds = 5;  ///< put-file --resume, gc-files.
};

}  // namespace pkv::cli
