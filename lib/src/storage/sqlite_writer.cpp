#include "storage/sqlite_writer.hpp"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <string>

namespace pkv {
namespace {

/// So many that the pages they change, of 2 KiB at least, are little more than the cache holds if
/// no two writes share one. SQLite writes what it has no room for before the commit.
std::size_t most_writes(std::size_t cache_bytes) noexcept {
  constexpr std::size_t cache_bytes_per_write = std::size_t{1} << 10;
  return std::max<std::size_t>(cache_bytes / cache_bytes_per_write, 64);
}

}  // namespace

SqliteWriter::SqliteWriter(SqliteFile& file, const SqliteEngineOptions& options)
    : file_(file),
      each_batch_synced_(options.durability == Durability::fsync),
      commits_synced_(options.durability == Durability::fsync),
      log_(options.file.string(), most_writes(options.cache_bytes)),
      notes_(file.read_notes()),
      committed_notes_(notes_),
      records_(file),
      transaction_(file.read_transaction()) {
  log_.start_over(static_cast<std::uint64_t>(notes_.created_ms), transaction_);
  recover();
}

SqliteWriter::~SqliteWriter() {
  if (behind_) return;
  if (log_.empty() || commit() == SQLITE_OK) log_.remove();
}

/// Commits what the log holds after a crash.
void SqliteWriter::recover() {
  if (const int code = restore(); code != SQLITE_OK) file_.refuse(code);
  if (!log_.empty()) {
    const int code = commit();
    if (code != SQLITE_OK) file_.refuse(code);
    // It may have been brought to the disk, and been promised to be there.
    if (const int failed = file_.sync(); failed != SQLITE_OK) file_.refuse(failed);
  }
  log_.empty_file();
}

int SqliteWriter::begin() {
  if (const int code = make_whole(); code != SQLITE_OK) return code;
  if (in_transaction_) return SQLITE_OK;
  const int code = file_.statements().begin.run();
  if (code != SQLITE_DONE) return code;
  in_transaction_ = true;
  return SQLITE_OK;
}

int SqliteWriter::put(std::string_view key, std::string_view value, Version version,
                      Timestamp expires_at, bool known_absent) {
  const LoggedWrite write{LoggedWrite::Kind::put, key, value, version, expires_at};
  if (const int code = store(write, known_absent); code != SQLITE_OK) return code;
  return note(write);
}

int SqliteWriter::set_expiry(std::string_view key, Version version, Timestamp expires_at,
                             bool& was_there) {
  const LoggedWrite write{LoggedWrite::Kind::set_expiry, key, {}, version, expires_at};
  if (const int code = store_expiry(write, was_there); code != SQLITE_OK || !was_there) return code;
  return note(write);
}

int SqliteWriter::erase(std::string_view key, Timestamp now, bool& was_there) {
  if (const int code = remove(key, now, was_there); code != SQLITE_OK || !was_there) return code;
  return note({LoggedWrite::Kind::erase, key});
}

int SqliteWriter::clear() {
  if (const int code = remove_all(); code != SQLITE_OK) return code;
  return note({LoggedWrite::Kind::clear});
}

int SqliteWriter::keep_record(Version place, Version settled, std::string_view writes) {
  LoggedWrite record{LoggedWrite::Kind::record, {}, writes, place};
  record.settled = settled;
  if (const int code = add_record(record); code != SQLITE_OK) return code;
  return note(record);
}

int SqliteWriter::note(const LoggedWrite& write) noexcept {
  try {
    log_.add(write);
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
  return SQLITE_OK;
}

void SqliteWriter::reach(Version version) noexcept {
  notes_.newest_version = std::max(notes_.newest_version, version);
}

int SqliteWriter::store(const LoggedWrite& put, bool known_absent) {
  SqliteFile::Statements& statements = file_.statements();
  const ScanCursor position = scan_position(put.key);
  for (SqliteStatement* const write : {&statements.update, &statements.insert}) {
    if (known_absent && write == &statements.update) continue;
    write->bind(1, position);
    write->bind(2, put.key);
    write->bind(3, put.value);
    write->bind(4, put.version);
    write->bind(5, put.expires_at);
    if (const int code = write->run(); code != SQLITE_DONE) return code;
    if (sqlite3_changes(file_.connection()) == 0) continue;  // nothing there to update
    if (write == &statements.insert) ++notes_.entries;
    break;
  }
  reach(put.version);
  return SQLITE_OK;
}

int SqliteWriter::store_expiry(const LoggedWrite& write, bool& was_there) {
  SqliteStatement& update = file_.statements().set_expiry;
  update.bind(1, scan_position(write.key));
  update.bind(2, write.key);
  update.bind(3, write.version);
  update.bind(4, write.expires_at);
  if (const int code = update.run(); code != SQLITE_DONE) return code;
  was_there = sqlite3_changes(file_.connection()) > 0;
  if (was_there) reach(write.version);
  return SQLITE_OK;
}

int SqliteWriter::remove(std::string_view key, Timestamp now, bool& was_there) {
  SqliteStatement& erase = file_.statements().erase;
  erase.bind(1, scan_position(key));
  erase.bind(2, key);
  erase.bind(3, static_cast<std::uint64_t>(now));
  if (const int code = erase.run(); code != SQLITE_DONE) return code;
  was_there = sqlite3_changes(file_.connection()) > 0;
  if (was_there) --notes_.entries;
  return SQLITE_OK;
}

int SqliteWriter::remove_all() {
  if (const int code = file_.statements().clear.run(); code != SQLITE_DONE) return code;
  notes_.entries = 0;
  return SQLITE_OK;
}

int SqliteWriter::add_record(const LoggedWrite& record) noexcept {
  try {
    records_.add(record.version, record.settled, record.value);
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
  reach(record.version);
  return SQLITE_OK;
}

int SqliteWriter::end_batch() {
  if (!log_.has_room() || is_due()) return commit();
  if (append_batch() != SQLITE_OK) return commit();  // a full disk may have room in the database
  if (!each_batch_synced_) return SQLITE_OK;
  const int code = log_.sync();
  if (code != SQLITE_OK) log_.take_back();
  return code;
}

int SqliteWriter::append_batch() {
  const bool first = log_.empty();
  if (const int code = log_.append(notes_.newest_version); code != SQLITE_OK) return code;
  if (first) pending_since_ = Clock::now();
  return SQLITE_OK;
}

bool SqliteWriter::is_due() const noexcept {
  return !log_.empty() && Clock::now() - pending_since_ >= longest_delay;
}

int SqliteWriter::end_reading() {
  if (!in_transaction_) return SQLITE_OK;
  if (!log_.empty()) return is_due() ? commit() : SQLITE_OK;
  if (const int code = file_.statements().commit.run(); code != SQLITE_DONE) return code;
  in_transaction_ = false;
  return SQLITE_OK;
}

int SqliteWriter::commit() {
  if (!in_transaction_) return SQLITE_OK;
  pending_since_ = Clock::now();  // if it fails, the next attempt has time
  SqliteStatement& note = file_.statements().write_notes;
  note.bind(1, std::uint64_t{notes_.entries});
  note.bind(2, notes_.newest_version);
  if (const int code = note.run(); code != SQLITE_DONE) return code;
  if (const int code = records_.write(); code != SQLITE_OK) return code;
  const std::uint32_t next = SqliteFile::transaction_after(transaction_);
  if (const int code = file_.write_transaction(next); code != SQLITE_OK) return code;
  if (const int code = file_.statements().commit.run(); code != SQLITE_DONE) return code;
  in_transaction_ = false;
  committed_notes_ = notes_;
  records_.note_committed();
  unsynced_commits_ = !commits_synced_;
  // What was on the disk must stay there when the log is written anew.
  const int code = log_.has_synced() && !commits_synced_ ? sync_commits() : SQLITE_OK;
  transaction_ = next;
  log_.start_over(static_cast<std::uint64_t>(notes_.created_ms), transaction_);
  log_.drop();
  return code;
}

int SqliteWriter::sync() {
  if (!log_.empty() && !each_batch_synced_)
    if (const int code = log_.sync(); code != SQLITE_OK) return code;
  return unsynced_commits_ ? sync_commits() : SQLITE_OK;
}

int SqliteWriter::sync_commits() {
  const int code = file_.sync();
  if (code == SQLITE_OK) unsynced_commits_ = false;
  return code;
}

void SqliteWriter::undo_batch() noexcept {
  log_.drop();
  static_cast<void>(restore());
}

/// Makes the database what it was when it last committed, and does again what is in the log.
int SqliteWriter::restore() noexcept {
  if (file_.in_transaction()) static_cast<void>(file_.statements().rollback.run());
  in_transaction_ = false;
  notes_ = committed_notes_;
  records_.undo();
  behind_ = true;
  try {
    const int code = log_.replay([this](const LoggedWrite& write) { return redo(write); },
                                 [this](Version newest_version) { reach(newest_version); });
    if (code != SQLITE_OK) return code;
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
  behind_ = false;
  return SQLITE_OK;
}

int SqliteWriter::redo(const LoggedWrite& write) {
  if (!in_transaction_) {
    if (const int code = file_.statements().begin.run(); code != SQLITE_DONE) return code;
    in_transaction_ = true;
  }
  bool was_there = false;
  switch (write.kind) {
    case LoggedWrite::Kind::put:
      return store(write, false);
    case LoggedWrite::Kind::set_expiry:
      return store_expiry(write, was_there);
    case LoggedWrite::Kind::erase:
      return remove(write.key, never, was_there);
    case LoggedWrite::Kind::clear:
      return remove_all();
    case LoggedWrite::Kind::record:
      return add_record(write);
  }
  return SQLITE_CORRUPT;
}

}  // namespace pkv
