#include "storage/sqlite_file.hpp"

#include "base/wall_clock.hpp"
#include "storage/write_log.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace pkv {
namespace {

using namespace std::chrono_literals;

/// "pkv1": says in the file's header whose it is, for file(1) too.
constexpr std::uint64_t application_id = 0x706b7631;
/// A change of the schema that an older program would not understand counts it up.
constexpr std::uint64_t format = 3;
/// From this one on there is kv.expires_at.
constexpr std::uint64_t format_with_expiry = 2;
/// From this one on there is the table command.
constexpr std::uint64_t format_with_records = 3;

/// For a process that was just killed to be gone.
constexpr auto lock_patience = 2s;
/// For others who read, and lock the file for moments when they come or go.
constexpr int busy_patience_ms = 1000;

/// Half of SQLite's usual size. Every write of a small entry writes a whole page to the log; large
/// values take longer with small pages.
constexpr std::size_t page_bytes = 2048;
/// The log is copied into the file when it has grown to this, 64 MiB: that takes two fsync, so not
/// after every few batches; but reading a log this long at the next start takes a moment only.
constexpr std::size_t pages_of_log = 32'768;

constexpr auto schema = R"(
CREATE TABLE meta(format INTEGER NOT NULL, node INTEGER NOT NULL, entries INTEGER NOT NULL,
                  newest_version INTEGER NOT NULL, created INTEGER NOT NULL);
CREATE TABLE kv(position INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
                version INTEGER NOT NULL, expires_at INTEGER,
                PRIMARY KEY(position, key)) WITHOUT ROWID;
)";

/// Of the entries that expire only, so that others pay nothing for it.
constexpr auto expiry_index =
    "CREATE INDEX kv_expires_at ON kv(expires_at) WHERE expires_at IS NOT NULL";

constexpr auto record_table =
    "CREATE TABLE command(place INTEGER PRIMARY KEY, settled INTEGER NOT NULL,"
    " writes BLOB NOT NULL)";

const char* synchronous(Durability durability) noexcept {
  switch (durability) {
    case Durability::none:
      return "OFF";
    case Durability::batch:
      return "NORMAL";  // the log is synced before it is copied into the file, not at each commit
    case Durability::fsync:
      return "FULL";
  }
  return "FULL";
}

void emplace_lock(std::optional<FileLock>& lock, const std::string& path) {
  try {
    lock.emplace(path + ".lock", lock_patience);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again)
      throw std::runtime_error(path + " is in use by another process: stop that one first");
    throw std::runtime_error("cannot open " + path + ": " + error.code().message() +
                             " (its folder must be there, and writable)");
  }
}

void remove_database(const std::string& path) {
  // The log last: alone it is nothing, but an old one beside a new file would be taken for its log.
  for (const char* const suffix : {"-shm", "", WriteLog::suffix, "-wal"}) {
    std::error_code error;
    std::filesystem::remove(path + suffix, error);
    if (error) throw std::runtime_error("cannot remove " + path + suffix + ": " + error.message());
  }
}

}  // namespace

SqliteFile::Statements::Statements(sqlite3* connection)
    : begin(connection, "BEGIN"),
      commit(connection, "COMMIT"),
      rollback(connection, "ROLLBACK"),
      find(connection,
           "SELECT value, version, expires_at FROM kv WHERE position = ?1 AND key = ?2"),
      update(connection,
             "UPDATE kv SET value = ?3, version = ?4, expires_at = ?5"
             " WHERE position = ?1 AND key = ?2"),
      insert(connection,
             "INSERT INTO kv(position, key, value, version, expires_at)"
             " VALUES(?1, ?2, ?3, ?4, ?5)"),
      set_expiry(connection,
                 "UPDATE kv SET version = ?3, expires_at = ?4"
                 " WHERE position = ?1 AND key = ?2"),
      erase(connection,
            "DELETE FROM kv WHERE position = ?1 AND key = ?2"
            " AND (expires_at IS NULL OR expires_at > ?3)"),
      clear(connection, "DELETE FROM kv"),
      scan(connection,
           "SELECT position, key, value, version, expires_at FROM kv"
           " WHERE position >= ?1 ORDER BY position"),
      // Versions are behind the values: whoever wants them reads these.
      scan_keys(connection,
                "SELECT position, key, x'', 0, expires_at FROM kv"
                " WHERE position >= ?1 ORDER BY position"),
      find_expired(connection,
                   "SELECT position, key FROM kv INDEXED BY kv_expires_at"
                   " WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2"),
      count_expired(connection,
                    "SELECT count(*) FROM kv INDEXED BY kv_expires_at"
                    " WHERE expires_at <= ?1"),
      earliest_expiry(connection,
                      "SELECT expires_at FROM kv INDEXED BY kv_expires_at"
                      " WHERE expires_at IS NOT NULL ORDER BY expires_at LIMIT 1"),
      write_notes(connection, "UPDATE meta SET entries = ?1, newest_version = ?2"),
      used_bytes(connection,
                 "SELECT (page_count - freelist_count) * page_size"
                 " FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()"),
      keep_record(connection,
                  "INSERT OR REPLACE INTO command(place, settled, writes) VALUES(?1, ?2, ?3)"),
      drop_records(connection, "DELETE FROM command WHERE place <= ?1") {}

SqliteFile::SqliteFile(const SqliteEngineOptions& options) : path_(options.file.string()) {
  emplace_lock(lock_, path_);
  if (options.discard) remove_database(path_);
  open_connection();
  look_whose_it_is();
  configure(options);
  if (ask("SELECT count(*) FROM sqlite_schema") == 0) create_schema(options.node);
  check_schema(options.node);
  statements_.emplace(connection_.get());
}

void SqliteFile::open_connection() {
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
  const int code = sqlite3_open_v2(path_.c_str(), &opened, flags, nullptr);
  connection_.reset(opened);
  if (code != SQLITE_OK) refuse(code);
  sqlite3_busy_timeout(opened, busy_patience_ms);
}

void SqliteFile::look_whose_it_is() {
  // SQLite opens what it may not write for reading only, without a word.
  if (sqlite3_db_readonly(connection_.get(), "main") == 1)
    throw std::runtime_error(path_ + " may not be written: change its permissions");
  const std::uint64_t id = ask("PRAGMA application_id");
  const bool is_new = ask("SELECT count(*) FROM sqlite_schema") == 0;
  if (id != application_id && !(is_new && id == 0))
    throw std::runtime_error(path_ +
                             " is a database of another program: give another folder, or "
                             "move it away");
}

void SqliteFile::configure(const SqliteEngineOptions& options) {
  const auto set = [this](const char* name, const std::string& value) {
    execute(std::string("PRAGMA ") + name + " = " + value);
  };
  set("page_size", std::to_string(page_bytes));  // of a new file; another keeps its own
  set("synchronous", synchronous(options.durability));
  set("journal_mode", "WAL");  // a commit is one write to the end of a log, and readers do not wait
  sqlite3_wal_hook(connection_.get(), &SqliteFile::copy_log, this);
  set("journal_size_limit", std::to_string(pages_of_log * page_bytes));
  set("cache_size", std::string("-").append(std::to_string(options.cache_bytes >> 10)));  // in KiB
  // Not through mmap: a read that fails would be a signal, and memory more than cache_bytes.
  set("mmap_size", "0");
  set("temp_store", "MEMORY");
  set("cell_size_check", "ON");  // a damaged page is to be found when it is read
  set("trusted_schema", "OFF");
  syncs_copies_ = options.durability != Durability::none;
  if (options.max_file_bytes > 0)
    set("max_page_count", std::to_string(options.max_file_bytes / page_bytes + 1));
}

void SqliteFile::create_schema(std::uint32_t node) {
  execute("BEGIN IMMEDIATE");
  execute("PRAGMA application_id = " + std::to_string(application_id));
  execute(schema);
  execute(expiry_index);
  execute(record_table);
  execute("INSERT INTO meta VALUES(" + std::to_string(format) + ", " + std::to_string(node) +
          ", 0, 0, " + std::to_string(wall_clock_ms()) + ")");
  execute("COMMIT");
}

void SqliteFile::check_schema(std::uint32_t node) {
  const std::uint64_t written = ask("SELECT format FROM meta");
  if (written > format)
    throw std::runtime_error(path_ + " is in format " + std::to_string(written) +
                             ", and this program knows formats up to " + std::to_string(format) +
                             ": use the newer program that wrote it");
  const std::uint64_t owner = ask("SELECT node FROM meta");
  if (owner != node)
    throw std::runtime_error(path_ + " holds the keys of node " + std::to_string(owner) +
                             ", not of node " + std::to_string(node) + ": has it been renamed?");
  if (written < format_with_expiry) add_expiry();
  if (written < format_with_records) add_records();
}

/// Takes a file over that an older program wrote. Making the index reads all of it, once.
void SqliteFile::add_expiry() {
  execute("BEGIN IMMEDIATE");
  execute("ALTER TABLE kv ADD COLUMN expires_at INTEGER");
  execute(expiry_index);
  execute("UPDATE meta SET format = " + std::to_string(format_with_expiry));
  execute("COMMIT");
}

/// The same for a file that was written when commands on several nodes left no records.
void SqliteFile::add_records() {
  execute("BEGIN IMMEDIATE");
  execute(record_table);
  execute("UPDATE meta SET format = " + std::to_string(format_with_records));
  execute("COMMIT");
}

SqliteFileNotes SqliteFile::read_notes() {
  SqliteFileNotes notes;
  notes.entries = ask("SELECT entries FROM meta");
  notes.newest_version = ask("SELECT newest_version FROM meta");
  notes.created_ms = static_cast<std::int64_t>(ask("SELECT created FROM meta"));
  return notes;
}

std::uint32_t SqliteFile::read_transaction() {
  return static_cast<std::uint32_t>(ask("PRAGMA user_version"));
}

int SqliteFile::write_transaction(std::uint32_t next) noexcept {
  char sql[64];
  std::snprintf(sql, sizeof sql, "PRAGMA user_version = %u", next);
  return sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
}

void SqliteFile::execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) refuse(code);
}

std::uint64_t SqliteFile::ask(const std::string& sql) {
  sqlite3_stmt* prepared = nullptr;
  int code = sqlite3_prepare_v2(connection_.get(), sql.c_str(), -1, &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared, sqlite3_finalize);
  if (code == SQLITE_OK) code = sqlite3_step(prepared);
  if (code == SQLITE_DONE)
    throw DamagedFile(path_ + " is damaged: a row that must be there is missing");
  if (code != SQLITE_ROW) refuse(code);
  return static_cast<std::uint64_t>(sqlite3_column_int64(prepared, 0));
}

void SqliteFile::refuse(int code) const {
  switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
    case SQLITE_ERROR:  // the schema is not what it should be
      throw DamagedFile(failure(code));
    default:
      throw std::runtime_error(failure(code));
  }
}

std::string SqliteFile::failure(int code) const {
  // What fails beside the database is not known to the connection.
  const bool own = sqlite3_extended_errcode(connection_.get()) == code;
  std::string detail = own ? sqlite3_errmsg(connection_.get()) : sqlite3_errstr(code);
  const int system_error = sqlite3_system_errno(connection_.get());
  switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:  // the schema is not what it should be
    case SQLITE_FORMAT:
      return path_ + " is damaged (" + detail + ")";
    case SQLITE_FULL:
      return "no room to write " + path_ + " (" + detail + ")";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return path_ + " is locked by another process, which must not write to it";
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return path_ + " may not be written: change its permissions";
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      if (system_error != 0) detail += ", " + std::generic_category().message(system_error);
      return path_ + " cannot be read or written (" + detail + ")";
    default:
      return path_ + ": " + detail;
  }
}

int SqliteFile::sync() noexcept {
  // The log is a part of what has been committed; what is no longer in it, SQLite has synced when
  // it was copied into the file. Unless it was told not to: from here on it does.
  if (!syncs_copies_) {
    const int code =
        sqlite3_exec(connection_.get(), "PRAGMA synchronous = NORMAL", nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return code;
    if (const int failed = sync_part(SQLITE_FCNTL_FILE_POINTER); failed != SQLITE_OK) return failed;
    syncs_copies_ = true;
  }
  return sync_part(SQLITE_FCNTL_JOURNAL_POINTER);
}

int SqliteFile::sync_part(int which) noexcept {
  sqlite3_file* part = nullptr;
  const int code = sqlite3_file_control(connection_.get(), "main", which, &part);
  if (code != SQLITE_OK) return code;
  if (part == nullptr || part->pMethods == nullptr) return SQLITE_OK;
  return part->pMethods->xSync(part, SQLITE_SYNC_NORMAL);
}

/// SQLite's own way does the same, and says nothing if it fails.
int SqliteFile::copy_log(void* file, sqlite3* connection, const char* database, int log_pages) {
  if (static_cast<std::size_t>(log_pages) >= pages_of_log)
    static_cast<SqliteFile*>(file)->checkpoint_code_ = sqlite3_wal_checkpoint_v2(
        connection, database, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  return SQLITE_OK;
}

SqliteStatement::SqliteStatement(sqlite3* connection, std::string_view sql) {
  const int code = sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK)
    throw DamagedFile(std::string("the database is damaged or of another kind: ") +
                      sqlite3_errmsg(connection));
}

}  // namespace pkv
