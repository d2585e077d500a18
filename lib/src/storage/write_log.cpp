#include "storage/write_log.hpp"

#include "base/endian.hpp"
#include "base/long_hash.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace pkv {
namespace {

constexpr std::size_t checksum_bytes = 8;
constexpr std::size_t head_bytes = 48;
constexpr std::size_t write_head_bytes = 32;

// SQLite's functions for files are made for its pages: of much more they write a part alone.
constexpr std::size_t most_at_once = std::size_t{64} << 10;

/// Of the type that the VFS gives an open file.
std::size_t bytes_of_file_object() noexcept {
  return static_cast<std::size_t>(sqlite3_vfs_find(nullptr)->szOsFile);
}

/// Reads one write from the front of `rest`.
bool read_write(std::string_view& rest, LoggedWrite& write) noexcept {
  if (rest.size() < write_head_bytes) return false;
  const std::uint64_t key_bytes = load<std::uint32_t>(rest.data() + 4);
  const auto value_bytes = load<std::uint64_t>(rest.data() + 8);
  const std::size_t room = rest.size() - write_head_bytes;
  if (value_bytes > room || key_bytes > room - value_bytes) return false;
  const auto kind = load<std::uint8_t>(rest.data());
  if (kind < 1 || kind > static_cast<std::uint8_t>(LoggedWrite::Kind::record)) return false;
  write.kind = static_cast<LoggedWrite::Kind>(kind);
  write.version = load<std::uint64_t>(rest.data() + 16);
  const bool is_record = write.kind == LoggedWrite::Kind::record;
  write.expires_at = is_record ? never : load<Timestamp>(rest.data() + 24);
  write.settled = is_record ? load<Version>(rest.data() + 24) : 0;
  write.key = rest.substr(write_head_bytes, key_bytes);
  write.value = rest.substr(write_head_bytes + key_bytes, value_bytes);
  rest.remove_prefix(write_head_bytes + key_bytes + value_bytes);
  return true;
}

}  // namespace

WriteLog::WriteLog(const std::string& database, std::size_t most_writes)
    : path_(database + suffix),
      file_memory_(std::make_unique<char[]>(bytes_of_file_object())),
      file_(reinterpret_cast<sqlite3_file*>(file_memory_.get())),
      most_writes_(most_writes) {
  sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
  int got = 0;
  if (vfs->xOpen(vfs, path_.c_str(), file_, flags, &got) == SQLITE_OK) return;
  throw std::runtime_error(path_ + " cannot be opened (its folder must be there, and writable)");
}

WriteLog::~WriteLog() {
  if (file_->pMethods != nullptr) file_->pMethods->xClose(file_);
}

void WriteLog::start_over(std::uint64_t store, std::uint64_t transaction) noexcept {
  store_ = store;
  transaction_ = transaction;
  writes_ = 0;
  record_bytes_ = 0;
  end_ = 0;
  last_ = 0;
  last_writes_ = 0;
  last_record_bytes_ = 0;
  synced_ = false;
}

void WriteLog::add(const LoggedWrite& write) {
  const std::string_view key = write.key;
  const std::string_view value = write.value;
  const std::size_t bytes = write_head_bytes + key.size() + value.size();
  if (write.kind == LoggedWrite::Kind::record)
    next_record_bytes_ += bytes;
  else
    ++next_writes_;
  too_large_ = too_large_ || next_record_bytes_ > most_record_bytes ||
               next_.size() + head_bytes + bytes > most_batch_bytes + next_record_bytes_;
  if (too_large_) return;
  if (next_.empty()) next_.extend(head_bytes);
  char* at = next_.extend(bytes);
  at = store(at, static_cast<std::uint32_t>(write.kind));
  at = store(at, static_cast<std::uint32_t>(key.size()));
  at = store(at, std::uint64_t{value.size()});
  at = store(at, write.version);
  at = write.kind == LoggedWrite::Kind::record ? store(at, write.settled)
                                               : store(at, write.expires_at);
  if (!key.empty()) std::memcpy(at, key.data(), key.size());
  if (!value.empty()) std::memcpy(at + key.size(), value.data(), value.size());
}

void WriteLog::drop() noexcept {
  next_.clear();
  next_writes_ = 0;
  next_record_bytes_ = 0;
  too_large_ = false;
}

bool WriteLog::has_room() const noexcept {
  const std::size_t records = record_bytes_ + next_record_bytes_;
  return !too_large_ && records <= most_record_bytes &&
         end_ + next_.size() <= most_bytes + records && writes_ + next_writes_ <= most_writes_;
}

int WriteLog::append(Version newest_version) noexcept {
  char* at = next_.data() + checksum_bytes;
  at = store(at, store_);
  at = store(at, transaction_);
  at = store(at, newest_version);
  at = store(at, std::uint64_t{end_});
  store(at, std::uint64_t{next_.size() - head_bytes});
  store(next_.data(), hash_long_bytes(next_.view().substr(checksum_bytes)));
  if (const int code = write_next(); code != SQLITE_OK) return code;
  last_ = end_;
  last_writes_ = next_writes_;
  last_record_bytes_ = next_record_bytes_;
  end_ += next_.size();
  writes_ += next_writes_;
  record_bytes_ += next_record_bytes_;
  drop();
  return SQLITE_OK;
}

int WriteLog::write_next() noexcept {
  for (std::size_t at = 0; at < next_.size(); at += most_at_once) {
    const std::size_t bytes = std::min(most_at_once, next_.size() - at);
    const int code =
        file_->pMethods->xWrite(file_, next_.data() + at, static_cast<int>(bytes),
                                static_cast<sqlite3_int64>(end_) + static_cast<sqlite3_int64>(at));
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int WriteLog::read(char* to, std::size_t size) noexcept {
  for (std::size_t at = 0; at < size; at += most_at_once) {
    const std::size_t bytes = std::min(most_at_once, size - at);
    const int code = file_->pMethods->xRead(file_, to + at, static_cast<int>(bytes),
                                            static_cast<sqlite3_int64>(at));
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

void WriteLog::take_back() noexcept {
  // What is in the file there must not be found after a crash.
  const char nothing[checksum_bytes] = {};
  static_cast<void>(
      file_->pMethods->xWrite(file_, nothing, checksum_bytes, static_cast<sqlite3_int64>(last_)));
  end_ = last_;
  writes_ -= last_writes_;
  record_bytes_ -= last_record_bytes_;
  last_writes_ = 0;
  last_record_bytes_ = 0;
}

int WriteLog::sync() noexcept {
  synced_ = true;
  return file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

void WriteLog::empty_file() noexcept {
  static_cast<void>(file_->pMethods->xTruncate(file_, 0));
}

void WriteLog::remove() noexcept {
  sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  static_cast<void>(vfs->xDelete(vfs, path_.c_str(), 0));  // if it stays, it does no harm
}

bool WriteLog::read_batch(std::string_view file, std::size_t at, Batch& batch) const noexcept {
  if (file.size() - at < head_bytes) return false;
  const char* const head = file.data() + at;
  const auto bytes = load<std::uint64_t>(head + 40);
  if (bytes > file.size() - at - head_bytes) return false;
  if (load<std::uint64_t>(head + 8) != store_ || load<std::uint64_t>(head + 16) != transaction_ ||
      load<std::uint64_t>(head + 32) != at)
    return false;
  batch.bytes = head_bytes + bytes;
  const std::string_view checked = file.substr(at + checksum_bytes, batch.bytes - checksum_bytes);
  if (load<std::uint64_t>(head) != hash_long_bytes(checked)) return false;
  batch.newest_version = load<std::uint64_t>(head + 24);
  batch.writes = file.substr(at + head_bytes, bytes);
  return true;
}

int WriteLog::replay(const Redo& redo, const EndBatch& end_batch) {
  sqlite3_int64 size = 0;
  if (const int code = file_->pMethods->xFileSize(file_, &size); code != SQLITE_OK) return code;
  ByteBuffer content;
  content.resize(std::min(static_cast<std::size_t>(size), most_bytes + most_record_bytes));
  if (const int code = read(content.data(), content.size()); code != SQLITE_OK) return code;
  end_ = 0;
  writes_ = 0;
  record_bytes_ = 0;
  Batch batch;
  while (read_batch(content.view(), end_, batch)) {
    last_ = end_;
    last_writes_ = 0;
    last_record_bytes_ = 0;
    LoggedWrite write;
    while (read_write(batch.writes, write)) {
      if (write.kind == LoggedWrite::Kind::record)
        last_record_bytes_ += write_head_bytes + write.value.size();
      else
        ++last_writes_;
      if (const int redone = redo(write); redone != SQLITE_OK) return redone;
    }
    end_batch(batch.newest_version);
    end_ += batch.bytes;
    writes_ += last_writes_;
    record_bytes_ += last_record_bytes_;
  }
  return SQLITE_OK;
}

}  // namespace pkv
