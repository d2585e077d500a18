#include "pkv/sqlite_engine.hpp"

#include "storage/scan_position.hpp"
#include "storage/sqlite_file.hpp"
#include "storage/sqlite_writer.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <string>

namespace pkv {
namespace {

/// A page of a scan is a copy; one with large values has few entries.
constexpr std::size_t page_bytes = std::size_t{4} << 20;

/// Where an entry of a page is, while the page still grows and moves.
struct PagedEntry {
  std::size_t at;
  std::size_t key_bytes;
  std::size_t value_bytes;
  Version version;
};

}  // namespace

SqliteEngine::SqliteEngine(const SqliteEngineOptions& options)
    : file_(std::make_unique<SqliteFile>(options)),
      writer_(std::make_unique<SqliteWriter>(*file_, options)),
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

result<ValueView> SqliteEngine::find(std::string_view key) {
  // Read before it is changed, and noted for the past, a key is often asked for twice.
  if (found_.known && found_.key == key) {
    if (found_.value) return *found_.value;
    return errc::key_not_found;
  }
  release_views();
  if (const result<void> opened = open_transaction(); !opened) return opened.error();
  SqliteStatement& find = file_->statements().find;
  find.bind(1, scan_position(key));
  find.bind(2, key);
  const int code = find.step();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return read_failed(code);
  found_.key = key;
  found_.known = true;
  if (code == SQLITE_ROW) return found_.value.emplace(ValueView{find.blob(0), find.number(1)});
  found_.value.reset();
  find.reset();
  return errc::key_not_found;
}

result<void> SqliteEngine::put(std::string_view key, std::string_view value, Version version) {
  if (key.size() + value.size() > most_entry_bytes) return errc::value_too_long;
  const bool known_absent = found_.known && !found_.value && found_.key == key;
  return in_batch([&] { return put_entry(key, value, version, known_absent); });
}

result<void> SqliteEngine::put_entry(std::string_view key, std::string_view value, Version version,
                                     bool known_absent) {
  batch_ = Batch::changed;
  const int code = writer_->put(key, value, version, known_absent);
  if (code != SQLITE_OK) return write_failed(code);
  return {};
}

result<bool> SqliteEngine::erase(std::string_view key) {
  return in_batch([&] { return erase_entry(key); });
}

result<bool> SqliteEngine::erase_entry(std::string_view key) {
  bool was_there = false;
  if (const int code = writer_->erase(key, was_there); code != SQLITE_OK) return write_failed(code);
  if (was_there) batch_ = Batch::changed;
  return was_there;
}

result<void> SqliteEngine::clear() {
  return in_batch([&] { return clear_entries(); });
}

result<void> SqliteEngine::clear_entries() {
  batch_ = Batch::changed;
  if (const int code = writer_->clear(); code != SQLITE_OK) return write_failed(code);
  return {};
}

result<ScanPage> SqliteEngine::scan(ScanCursor cursor, std::size_t count) {
  release_views();
  if (const result<void> opened = open_transaction(); !opened) return opened.error();
  ScanPage page;
  if (cursor >= ScanCursor{1} << position_bits) return page;
  SqliteStatement& scan = file_->statements().scan;
  scan.bind(1, cursor);
  int code = SQLITE_OK;
  try {
    std::vector<PagedEntry> entries;
    const std::size_t wanted = std::max<std::size_t>(count, 1);
    for (ScanCursor last = cursor; (code = scan.step()) == SQLITE_ROW;) {
      const ScanCursor position = scan.number(0);
      if (position != last && (entries.size() >= wanted || page_.size() >= page_bytes)) {
        page.next = position;
        break;
      }
      last = position;
      const std::string_view key = scan.blob(1);
      const std::string_view value = scan.blob(2);
      entries.push_back({page_.size(), key.size(), value.size(), scan.number(3)});
      page_.insert(page_.end(), key.begin(), key.end());
      page_.insert(page_.end(), value.begin(), value.end());
    }
    page.entries.reserve(entries.size());
    for (const PagedEntry& entry : entries) {
      const char* const key = page_.data() + entry.at;
      page.entries.push_back(
          {{key, entry.key_bytes}, {key + entry.key_bytes, entry.value_bytes}, entry.version});
    }
  } catch (const std::bad_alloc&) {
    code = SQLITE_NOMEM;
  }
  if (code != SQLITE_ROW && code != SQLITE_DONE) return read_failed(code);
  scan.reset();
  return page;
}

std::size_t SqliteEngine::bytes() const noexcept {
  SqliteStatement& used = file_->statements().used_bytes;
  const std::size_t bytes = used.step() == SQLITE_ROW ? used.number(0) : 0;
  used.reset();
  return bytes;
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
    writer_->undo_batch();
  }
  note_checkpoint();
}

/// The batch goes on, unless its writes are gone: SQLite undoes them after some failures.
errc SqliteEngine::read_failed(int code) {
  const errc why = failed(code);
  release_views();
  file_->statements().scan.reset();
  if (!writer_->has_lost_transaction()) return why;
  if (batch_ == Batch::changed) return write_failed(code);
  writer_->undo_batch();
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

void SqliteEngine::release_views() noexcept {
  found_.known = false;
  file_->statements().find.reset();
  page_.clear();
  if (page_.capacity() > 2 * page_bytes) page_.shrink_to_fit();
}

void SqliteEngine::undo() noexcept {
  release_views();
  if (batch_ == Batch::changed || writer_->has_lost_transaction()) writer_->undo_batch();
}

}  // namespace pkv
