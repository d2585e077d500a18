#pragma once

#include "pkv/sqlite_engine.hpp"

#include "base/file_lock.hpp"
#include "storage/sqlite_statement.hpp"

#include <memory>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <utility>

namespace pkv {

/// A node's database, open: the connection, the schema, and the statements that an engine needs.
///
/// Thread safety: none.
/// Lifetime: reset the statements before it is destroyed, or do nothing with them.
/// Errors: the constructor throws std::runtime_error, in words that say what to do.
class SqliteFile {
 public:
  explicit SqliteFile(const SqliteEngineOptions& options);

  [[nodiscard]] SqliteFileNotes read_notes();
  [[nodiscard]] sqlite3* connection() const noexcept { return connection_.get(); }
  /// Why the latest call failed, and the file's name.
  [[nodiscard]] std::string failure(int code) const;
  /// Throws what is thrown of a file that answers so.
  [[noreturn]] void refuse(int code) const;
  /// The number of the transaction that comes next, as the latest one has noted it: see WriteLog.
  [[nodiscard]] std::uint32_t read_transaction();
  /// Notes it, as a part of this transaction. SQLITE_OK, or why not.
  [[nodiscard]] int write_transaction(std::uint32_t next) noexcept;
  [[nodiscard]] static std::uint32_t transaction_after(std::uint32_t number) noexcept {
    return (number + 1) & 0x7fffffff;  // there are 31 bits for it
  }
  /// Returns when what was committed is on the disk: SQLITE_OK, or why not.
  [[nodiscard]] int sync() noexcept;
  /// Why the log could not be copied into the file after the latest commit: SQLITE_OK if it could,
  /// or need not. The commit has happened.
  [[nodiscard]] int take_checkpoint_failure() noexcept {
    return std::exchange(checkpoint_code_, SQLITE_OK);
  }
  /// Whether SQLite has a transaction open that was begun by `begin`.
  [[nodiscard]] bool in_transaction() const noexcept {
    return sqlite3_get_autocommit(connection_.get()) == 0;
  }

  struct Statements {
    explicit Statements(sqlite3* connection);

    SqliteStatement begin;
    SqliteStatement commit;
    SqliteStatement rollback;
    SqliteStatement find;
    SqliteStatement update;
    SqliteStatement insert;
    SqliteStatement set_expiry;
    SqliteStatement erase;
    SqliteStatement clear;
    SqliteStatement scan;
    SqliteStatement scan_keys;
    SqliteStatement find_expired;
    SqliteStatement count_expired;
    SqliteStatement earliest_expiry;
    SqliteStatement write_notes;
    SqliteStatement used_bytes;
    SqliteStatement keep_record;
    SqliteStatement drop_records;
  };
  [[nodiscard]] Statements& statements() noexcept { return *statements_; }

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close(connection); }
  };

  void open_connection();
  void look_whose_it_is();
  void configure(const SqliteEngineOptions& options);
  void create_schema(std::uint32_t node);
  void check_schema(std::uint32_t node);
  void add_expiry();
  void add_records();
  void execute(const std::string& sql);
  [[nodiscard]] std::uint64_t ask(const std::string& sql);
  [[nodiscard]] int sync_part(int which) noexcept;
  static int copy_log(void* file, sqlite3* connection, const char* database, int log_pages);

  std::string path_;
  std::optional<FileLock> lock_;
  bool syncs_copies_ = true;  // when the log is copied into the file
  int checkpoint_code_ = SQLITE_OK;
  std::unique_ptr<sqlite3, Close> connection_;
  std::optional<Statements> statements_;  // after the connection: goes before it
};

}  // namespace pkv
