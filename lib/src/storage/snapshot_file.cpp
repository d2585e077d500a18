#include "storage/snapshot_file.hpp"

#include "storage/scan_position.hpp"

#include <algorithm>
#include <sqlite3.h>
#include <stdexcept>
#include <string>

namespace pkv {
namespace {

constexpr std::size_t cache_bytes = std::size_t{8} << 20;

SqliteEngineOptions snapshot_options(const std::filesystem::path& path, std::uint32_t node) {
  SqliteEngineOptions options;
  options.file = path;
  options.node = node;
  options.durability = Durability::none;  // all at once, in the end
  options.cache_bytes = cache_bytes;
  return options;
}

std::filesystem::path with_suffix(std::filesystem::path path, const char* suffix) {
  return path += suffix;
}

}  // namespace

SnapshotFile::SnapshotFile(const std::filesystem::path& folder, std::uint32_t node) {
  notes_.name = "node-" + std::to_string(node) + ".db";
  notes_.node = node;
  path_ = folder / notes_.name;
  file_.emplace(snapshot_options(path_, node));
  // What is half written is thrown away as a whole: nothing has to be undone.
  const int code =
      sqlite3_exec(file_->connection(), "PRAGMA journal_mode = OFF", nullptr, nullptr, nullptr);
  check(code, SQLITE_OK);
  check(file_->statements().begin.run(), SQLITE_DONE);
}

void SnapshotFile::check(int code, int expected) const {
  if (code != expected) throw std::runtime_error(file_->failure(code));
}

void SnapshotFile::add(const EntryView& entry) {
  SqliteStatement& insert = file_->statements().insert;
  insert.bind(1, scan_position(entry.key));
  insert.bind(2, entry.key);
  insert.bind(3, entry.value);
  insert.bind(4, entry.version);
  insert.bind(5, entry.expires_at);
  check(insert.run(), SQLITE_DONE);
  ++notes_.entries;
  newest_version_ = std::max(newest_version_, entry.version);
}

SnapshotFileNotes SnapshotFile::finish() {
  SqliteStatement& note = file_->statements().write_notes;
  note.bind(1, notes_.entries);
  note.bind(2, newest_version_);
  check(note.run(), SQLITE_DONE);
  check(file_->statements().commit.run(), SQLITE_DONE);
  file_.reset();
  std::filesystem::remove(with_suffix(path_, ".lock"));
  sync_to_disk(path_);
  notes_.bytes = std::filesystem::file_size(path_);
  notes_.checksum = checksum_of_file(path_);
  return notes_;
}

bool is_part_of_snapshot(const std::filesystem::path& name) {
  const std::string text = name.filename().string();
  return text == "pkv.snapshot" || (text.starts_with("node-") && text.find(".db") != text.npos);
}

}  // namespace pkv
