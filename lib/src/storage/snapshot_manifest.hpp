#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pkv {

/// One file of a snapshot.
struct SnapshotFileNotes {
  std::string name;
  std::uint32_t node = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  ///< XXH3, 64 bits, of the whole file.

  friend bool operator==(const SnapshotFileNotes&, const SnapshotFileNotes&) = default;
};

/// What a snapshot consists of: the file `pkv.snapshot` in its folder, in lines of a name and
/// values. It is written last, so a folder without one is no snapshot.
///
///     format 1
///     sequence 1873...     the place in the order at which it was taken
///     time_ms 1731...      when that was, since 1970
///     file node-3.db 3 250112 34078720 9f0c...   name, node, entries, bytes, checksum
///     end
struct SnapshotManifest {
  std::uint64_t sequence = 0;
  std::int64_t time_ms = 0;
  std::vector<SnapshotFileNotes> files;

  [[nodiscard]] std::uint64_t entries() const noexcept;

  friend bool operator==(const SnapshotManifest&, const SnapshotManifest&) = default;
};

/// Is on the disk when it returns. Errors: throws std::runtime_error.
void write_snapshot_manifest(const std::filesystem::path& folder, const SnapshotManifest& manifest);

/// Errors: throws std::runtime_error, in words that say what is wrong with the snapshot.
[[nodiscard]] SnapshotManifest read_snapshot_manifest(const std::filesystem::path& folder);

/// XXH3, 64 bits, of a file. Errors: throws std::runtime_error.
[[nodiscard]] std::uint64_t checksum_of_file(const std::filesystem::path& file);

/// Returns when the file, or the names in the folder, are on the disk. Errors: throws
/// std::runtime_error.
void sync_to_disk(const std::filesystem::path& file_or_folder);

}  // namespace pkv
