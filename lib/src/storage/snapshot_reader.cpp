#include "storage/snapshot_reader.hpp"

#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace pkv {

SnapshotReader::SnapshotReader(std::filesystem::path folder)
    : folder_(std::move(folder)), manifest_(read_snapshot_manifest(folder_)) {
  for (const SnapshotFileNotes& file : manifest_.files)
    check_file(file);
}

void SnapshotReader::check_file(const SnapshotFileNotes& file) const {
  const std::filesystem::path path = folder_ / file.name;
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error)
    throw std::runtime_error("the snapshot is not whole: " + path.string() + ": " +
                             error.message());
  if (bytes != file.bytes)
    throw std::runtime_error("the snapshot is damaged: " + path.string() + " has " +
                             std::to_string(bytes) + " bytes and should have " +
                             std::to_string(file.bytes));
  if (checksum_of_file(path) != file.checksum)
    throw std::runtime_error("the snapshot is damaged: the checksum of " + path.string() +
                             " is not that of what was written");
}

std::optional<EntryView> SnapshotReader::next() {
  for (;;) {
    if (!entries_) {
      if (next_file_ == manifest_.files.size()) return std::nullopt;
      open_next();
    }
    const int code = entries_->step();
    if (code == SQLITE_ROW) {
      ++read_entries_;
      return EntryView{entries_->blob(0), entries_->blob(1), entries_->number(2),
                       entries_->time(3)};
    }
    if (code != SQLITE_DONE)
      throw std::runtime_error((folder_ / manifest_.files[next_file_].name).string() +
                               " cannot be read: " + sqlite3_errmsg(connection_.get()));
    close_file();
  }
}

void SnapshotReader::open_next() {
  const std::string path = (folder_ / manifest_.files[next_file_].name).string();
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  connection_.reset(opened);
  if (code != SQLITE_OK)
    throw std::runtime_error(path + " cannot be opened: " + sqlite3_errstr(code));
  entries_.emplace(opened, "SELECT key, value, version, expires_at FROM kv ORDER BY position, key");
  read_entries_ = 0;
}

void SnapshotReader::close_file() {
  const SnapshotFileNotes& file = manifest_.files[next_file_++];
  entries_.reset();
  connection_.reset();
  if (read_entries_ != file.entries)
    throw std::runtime_error("the snapshot is damaged: " + (folder_ / file.name).string() +
                             " has " + std::to_string(read_entries_) + " entries and should have " +
                             std::to_string(file.entries));
}

}  // namespace pkv
