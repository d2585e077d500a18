#include "pkv/sqlite_engine.hpp"

#include "storage/entry_cache.hpp"
#include "storage/sqlite_file.hpp"
#include "storage/sqlite_writer.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace pkv {
namespace {

/// Of cache_bytes. An entry takes less memory than the page that it is on; but who has not room for
/// all entries, or walks them, wants pages.
std::size_t entry_cache_bytes(const SqliteEngineOptions& options) noexcept {
  return options.cache_bytes / 2;
}

SqliteEngineOptions with_rest_for_pages(SqliteEngineOptions options) {
  options.cache_bytes -= entry_cache_bytes(options);
  return options;
}

}  // namespace

SqliteEngine::SqliteEngine(const SqliteEngineOptions& options)
    : file_(std::make_unique<SqliteFile>(with_rest_for_pages(options))),
      writer_(std::make_unique<SqliteWriter>(*file_, with_rest_for_pages(options))),
      cache_(std::make_unique<EntryCache>(entry_cache_bytes(options))),
      log_(options.log),
      on_fault_(options.on_fault) {}

SqliteEngine::~SqliteEngine() {
  undo();
}

/// Runs a write in the batch that there is, or in one of its own.
template <class Write>
auto SqliteEngine::in_batch(Write write) -> decltype(write()) {
  release_views();
  if (batch_ == Batch::undone) return batch_failure_;
  const bool own = batch_ == Batch::none;
  if (own) batch_ = Batch::asked;
  auto done = [&]() -> decltype(write()) {
    if (const result<void> opened = open_transaction(); !opened)
      return static_cast<errc>(opened.error().value());
    return write();
  }();
  if (!own) return done;
  const result<void> ended = end_batch();
  if (done && !ended) return static_cast<errc>(ended.error().value());
  return done;
}

result<void> SqliteEngine::put(std::string_view key, std::string_view value, Version version,
                               Timestamp expires_at) {
  if (key.size() + value.size() > most_entry_bytes) return errc::value_too_long;
  const bool known_absent = found_.known && !found_.value && found_.key == key;
  return in_batch([&] { return put_entry(key, value, version, expires_at, known_absent); });
}

result<void> SqliteEngine::put_entry(std::string_view key, std::string_view value, Version version,
                                     Timestamp expires_at, bool known_absent) {
  batch_ = Batch::changed;
  const int code = writer_->put(key, value, version, expires_at, known_absent);
  if (code != SQLITE_OK) return write_failed(code);
  cache_->keep(key, {value, version, expires_at});
  return {};
}

result<void> SqliteEngine::set_expiry(std::string_view key, Version version, Timestamp expires_at) {
  return in_batch([&] { return set_expiry_of_entry(key, version, expires_at); });
}

result<void> SqliteEngine::set_expiry_of_entry(std::string_view key, Version version,
                                               Timestamp expires_at) {
  bool was_there = false;
  cache_->forget(key);
  const int code = writer_->set_expiry(key, version, expires_at, was_there);
  if (code != SQLITE_OK) return write_failed(code);
  if (!was_there) return errc::key_not_found;
  batch_ = Batch::changed;
  return {};
}

result<bool> SqliteEngine::erase(std::string_view key, Timestamp now) {
  return in_batch([&] { return erase_entry(key, now); });
}

result<bool> SqliteEngine::erase_entry(std::string_view key, Timestamp now) {
  bool was_there = false;
  cache_->forget(key);
  const int code = writer_->erase(key, now, was_there);
  if (code != SQLITE_OK) return write_failed(code);
  if (was_there) batch_ = Batch::changed;
  return was_there;
}

result<void> SqliteEngine::clear() {
  return in_batch([&] { return clear_entries(); });
}

result<void> SqliteEngine::clear_entries() {
  batch_ = Batch::changed;
  cache_->forget_all();
  if (const int code = writer_->clear(); code != SQLITE_OK) return write_failed(code);
  return {};
}

result<void> SqliteEngine::keep_record(Version place, Version settled, std::string_view writes) {
  return in_batch([&] { return add_record(place, settled, writes); });
}

result<void> SqliteEngine::add_record(Version place, Version settled, std::string_view writes) {
  batch_ = Batch::changed;
  const int code = writer_->keep_record(place, settled, writes);
  if (code != SQLITE_OK) return write_failed(code);
  return {};
}

result<std::size_t> SqliteEngine::remove_expired(Timestamp now, std::size_t most) {
  if (!has_expired(earliest_expiry(), now)) return std::size_t{0};  // without a transaction
  return in_batch([&] { return remove_expired_entries(now, most); });
}

result<std::size_t> SqliteEngine::remove_expired_entries(Timestamp now, std::size_t most) {
  SqliteStatement& find = file_->statements().find_expired;
  std::vector<std::string> keys;  // what is removed must not be walked meanwhile
  find.bind(1, now);
  find.bind(2, std::uint64_t{most});
  int code = SQLITE_OK;
  while ((code = find.step()) == SQLITE_ROW)
    keys.emplace_back(find.blob(1));
  find.reset();
  if (code != SQLITE_DONE) return read_failed(code);
  for (const std::string& key : keys)
    if (const result<bool> erased = erase_entry(key, never); !erased)
      return static_cast<errc>(erased.error().value());
  return keys.size();
}

std::size_t SqliteEngine::count_expired(Timestamp now) const noexcept {
  SqliteStatement& count = file_->statements().count_expired;
  count.bind(1, now);
  const std::size_t expired = count.step() == SQLITE_ROW ? count.number(0) : 0;
  count.reset();
  return expired;
}

Timestamp SqliteEngine::earliest_expiry() const noexcept {
  SqliteStatement& earliest = file_->statements().earliest_expiry;
  const Timestamp at = earliest.step() == SQLITE_ROW ? earliest.time(0) : never;
  earliest.reset();
  return at;
}

std::size_t SqliteEngine::count_expiring() const noexcept {
  return count_expired(std::numeric_limits<Timestamp>::max());
}

std::size_t SqliteEngine::bytes() const noexcept {
  SqliteStatement& used = file_->statements().used_bytes;
  const std::size_t bytes = used.step() == SQLITE_ROW ? used.number(0) : 0;
  used.reset();
  return bytes;
}

std::size_t SqliteEngine::cached_bytes() const noexcept {
  int pages = 0;
  int most = 0;  // is not counted for pages
  static_cast<void>(
      sqlite3_db_status(file_->connection(), SQLITE_DBSTATUS_CACHE_USED, &pages, &most, 0));
  return cache_->bytes() + static_cast<std::size_t>(pages);
}

result<void> SqliteEngine::begin_batch() {
  release_views();
  batch_ = Batch::asked;
  return {};
}

std::size_t SqliteEngine::count() const noexcept {
  return writer_->notes().entries;
}

Version SqliteEngine::newest_version() const noexcept {
  return writer_->notes().newest_version;
}

void SqliteEngine::prefetch(std::span<const std::string_view> keys) const noexcept {
  cache_->prefetch(keys);
}

void SqliteEngine::reach(Version version) noexcept {
  if (batch_ == Batch::changed) writer_->reach(version);
}

result<void> SqliteEngine::end_batch() {
  release_views();
  const bool undone = batch_ == Batch::undone;
  const result<void> ended = undone ? result<void>(batch_failure_) : keep_batch();
  batch_ = Batch::none;
  return ended;
}

result<void> SqliteEngine::open_transaction() {
  if (batch_ != Batch::asked) {
    if (const int code = writer_->make_whole(); code != SQLITE_OK) return failed(code);
    return {};
  }
  if (const int code = writer_->begin(); code != SQLITE_OK) return write_failed(code);
  batch_ = Batch::open;
  return {};
}

result<void> SqliteEngine::keep_batch() {
  if (batch_ == Batch::changed) {
    if (const int code = writer_->end_batch(); code != SQLITE_OK) return write_failed(code);
    logged_code_ = 0;
  } else if (const int code = writer_->end_reading(); code != SQLITE_OK) {
    static_cast<void>(failed(code));
    undo();
  }
  note_checkpoint();
  return {};
}

/// The log of the database grows; what is in it is committed all the same.
void SqliteEngine::note_checkpoint() {
  if (const int code = file_->take_checkpoint_failure(); code != SQLITE_OK)
    static_cast<void>(failed(code));
}

result<void> SqliteEngine::flush() {
  release_views();
  if (const int code = writer_->sync(); code != SQLITE_OK) return failed(code);
  return {};
}

void SqliteEngine::rest() noexcept {
  if (batch_ != Batch::none) return;
  release_views();
  if (const int code = writer_->commit(); code != SQLITE_OK) {
    static_cast<void>(failed(code));
    undo_writes();
  }
  note_checkpoint();
}

/// The batch goes on, unless its writes are gone: SQLite undoes them after some failures.
errc SqliteEngine::read_failed(int code) {
  const errc why = failed(code);
  release_views();
  if (!writer_->has_lost_transaction()) return why;
  if (batch_ == Batch::changed) return write_failed(code);
  undo_writes();
  return why;
}

/// Undoes the batch.
errc SqliteEngine::write_failed(int code) {
  batch_failure_ = failed(code);
  undo();
  batch_ = Batch::undone;
  return batch_failure_;
}

errc SqliteEngine::failed(int code) {
  if (code == SQLITE_TOOBIG) return errc::value_too_long;
  if ((code & 0xff) == SQLITE_NOMEM) return errc::out_of_memory;
  // Not for every command while a disk is full.
  if (log_ && code != logged_code_) log_(LogLevel::error, file_->failure(code));
  logged_code_ = code;
  look_for_faults(code);
  return errc::storage_failure;
}

void SqliteEngine::look_for_faults(int code) {
  if (!on_fault_) return;
  if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
    on_fault_(FileFault::damaged);
  // What the system failed to write it may have forgotten: to ask again proves nothing.
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
    on_fault_(FileFault::not_synced);
}

void SqliteEngine::undo() noexcept {
  release_views();
  if (batch_ == Batch::changed || writer_->has_lost_transaction()) undo_writes();
}

void SqliteEngine::undo_writes() noexcept {
  cache_->forget_all();
  writer_->undo_batch();
}

}  // namespace pkv
