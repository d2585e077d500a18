#pragma once

#include "pkv/storage_engine.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>

namespace pkv {

/// A file that is damaged, as opposed to one that is not ours, or newer, or in use.
class DamagedFile : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What is noted in the file of an SqliteEngine.
struct SqliteFileNotes {
  std::size_t entries = 0;
  Version newest_version = 0;
  std::int64_t created_ms = 0;  ///< Since 1970.
};

/// Looks into an engine's file that no engine has open: whether it can be used, and its notes. A
/// file that is missing is made. Errors: as the constructor of SqliteEngine.
[[nodiscard]] SqliteFileNotes inspect_sqlite_file(const std::filesystem::path& file,
                                                  std::uint32_t node);

/// Renames an engine's file and what belongs to it to `<file>.damaged-<number>`, so that another
/// can take its place, and returns the new name. The engine that has it open, if any, must not be
/// used any more. Errors: throws std::filesystem::filesystem_error.
std::filesystem::path set_sqlite_file_aside(const std::filesystem::path& file);

}  // namespace pkv
