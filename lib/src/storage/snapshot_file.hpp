#pragma once

#include "pkv/storage_engine.hpp"

#include "storage/snapshot_manifest.hpp"
#include "storage/sqlite_file.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace pkv {

/// A file of a snapshot being written: a database of the same schema as a node's (SqliteEngine),
/// without a log beside it.
///
/// Thread safety: none; blocks on the disk.
/// Errors: std::runtime_error, in words that say what to do; then it can only be destroyed.
class SnapshotFile {
 public:
  /// Makes `folder`/node-<node>.db. Requires: there is none.
  SnapshotFile(const std::filesystem::path& folder, std::uint32_t node);

  /// Adds an entry. No key twice. Fastest by rising scan position.
  void add(const EntryView& entry);
  /// Brings all to the disk and closes the file. Requires: it is the last call.
  [[nodiscard]] SnapshotFileNotes finish();

 private:
  void check(int code, int expected) const;

  std::filesystem::path path_;
  SnapshotFileNotes notes_;
  Version newest_version_ = 0;
  std::optional<SqliteFile> file_;
};

/// Whether a file of this name may have been made by SnapshotFile, or by a writer of snapshots.
[[nodiscard]] bool is_part_of_snapshot(const std::filesystem::path& name);

}  // namespace pkv
