#pragma once

#include "pkv/sqlite_engine.hpp"

#include "storage/command_records.hpp"
#include "storage/sqlite_file.hpp"
#include "storage/write_log.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pkv {

/// Writes batches to a node's database, many of them in one of its transactions, and keeps each in
/// the WriteLog until that is committed.
///
///     writer.begin();
///     writer.put(...);
///     writer.end_batch();   // or undo_batch()
///
/// The database commits when the log has no room for a batch, when its oldest one is
/// longest_delay old, and when commit() is called. To undo one batch, all of the transaction is
/// undone, and what the log holds is done again.
///
/// Thread safety: none.
/// Lifetime: `file` must outlive it. The destructor commits. Requires: no batch is under way then.
/// Errors: codes of SQLite. After one a batch must be undone. The constructor does again what a
/// crash has left in the log, and throws as that of SqliteEngine.
class SqliteWriter {
 public:
  /// What others see who read the database is at most so old.
  static constexpr std::chrono::milliseconds longest_delay{1000};

  SqliteWriter(SqliteFile& file, const SqliteEngineOptions& options);
  ~SqliteWriter();
  SqliteWriter(const SqliteWriter&) = delete;
  SqliteWriter& operator=(const SqliteWriter&) = delete;

  /// Of what has been written, the batch under way included.
  [[nodiscard]] const SqliteFileNotes& notes() const noexcept { return notes_; }

  /// To be called before anything is read: all batches are there then, although a failure may have
  /// undone some.
  [[nodiscard]] int make_whole() { return behind_ ? restore() : SQLITE_OK; }
  /// The same, for a batch: there is a transaction then.
  [[nodiscard]] int begin();
  [[nodiscard]] int put(std::string_view key, std::string_view value, Version version,
                        Timestamp expires_at, bool known_absent);
  /// Replaces an entry's version and time of expiry.
  [[nodiscard]] int set_expiry(std::string_view key, Version version, Timestamp expires_at,
                               bool& was_there);
  /// Removes the entry, unless it has expired at `now`.
  [[nodiscard]] int erase(std::string_view key, Timestamp now, bool& was_there);
  [[nodiscard]] int clear();
  /// Keeps a CommandRecord with the batch.
  [[nodiscard]] int keep_record(Version place, Version settled, std::string_view writes);
  /// What has been erased in the batch has versions up to this one.
  void reach(Version version) noexcept;

  /// Keeps what was written since the last batch.
  [[nodiscard]] int end_batch();
  /// Ends a batch that has written nothing. What fails here are others: they are kept in the log.
  [[nodiscard]] int end_reading();
  /// Makes all as it was before the batch. What fails here, make_whole() tries again.
  void undo_batch() noexcept;
  /// SQLite has undone more than it was told to: a failure can have that effect.
  [[nodiscard]] bool has_lost_transaction() const noexcept {
    return in_transaction_ && !file_.in_transaction();
  }

  /// Commits all batches. Requires: none is under way.
  [[nodiscard]] int commit();
  /// Returns when all batches are on the disk.
  [[nodiscard]] int sync();

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] int store(const LoggedWrite& write, bool known_absent);
  [[nodiscard]] int store_expiry(const LoggedWrite& write, bool& was_there);
  [[nodiscard]] int remove(std::string_view key, Timestamp now, bool& was_there);
  [[nodiscard]] int remove_all();
  [[nodiscard]] int add_record(const LoggedWrite& record) noexcept;
  [[nodiscard]] int note(const LoggedWrite& write) noexcept;
  [[nodiscard]] int redo(const LoggedWrite& write);
  [[nodiscard]] int restore() noexcept;
  [[nodiscard]] int append_batch();
  [[nodiscard]] bool is_due() const noexcept;
  [[nodiscard]] int sync_commits();
  void recover();

  SqliteFile& file_;
  bool each_batch_synced_;
  bool commits_synced_;  // by SQLite
  WriteLog log_;
  SqliteFileNotes notes_;
  SqliteFileNotes committed_notes_;
  CommandRecords records_;
  std::uint32_t transaction_;
  bool in_transaction_ = false;
  bool behind_ = false;  // the log has to be done again
  Clock::time_point pending_since_;
  bool unsynced_commits_ = false;
};

}  // namespace pkv
