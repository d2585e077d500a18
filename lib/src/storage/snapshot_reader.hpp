#pragma once

#include "pkv/storage_engine.hpp"

#include "storage/snapshot_manifest.hpp"
#include "storage/sqlite_statement.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <sqlite3.h>

namespace pkv {

/// Reads the entries of a snapshot, file after file.
///
///     SnapshotReader snapshot(folder);
///     while (const std::optional<EntryView> entry = snapshot.next()) ...
///
/// Thread safety: none; blocks on the disk.
/// Errors: std::runtime_error, in words that say what is wrong with the snapshot. The constructor
/// looks at all of it, so that next() fails only if the files change or cannot be read any more.
class SnapshotReader {
 public:
  explicit SnapshotReader(std::filesystem::path folder);

  [[nodiscard]] const SnapshotManifest& manifest() const noexcept { return manifest_; }

  /// Nothing behind the last. The views are good until the next call.
  [[nodiscard]] std::optional<EntryView> next();

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close(connection); }
  };

  void check_file(const SnapshotFileNotes& file) const;
  void open_next();
  void close_file();

  std::filesystem::path folder_;
  SnapshotManifest manifest_;
  std::size_t next_file_ = 0;
  std::uint64_t read_entries_ = 0;  // of the file that is open
  std::unique_ptr<sqlite3, Close> connection_;
  std::optional<SqliteStatement> entries_;  // after the connection: goes before it
};

}  // namespace pkv
