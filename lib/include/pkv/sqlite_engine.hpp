#pragma once

#include "pkv/durability.hpp"
#include "pkv/errc.hpp"
#include "pkv/log.hpp"
#include "pkv/sqlite_inspection.hpp"
#include "pkv/storage_engine.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pkv {

class EntryCache;
class SqliteFile;
class SqliteStatement;
class SqliteWriter;

/// Why an engine's file cannot be relied on any more.
enum class FileFault : std::uint8_t {
  damaged,     ///< Some of it is not what was written.
  not_synced,  ///< The system could not say that it is on the disk, and cannot be asked again.
};

struct SqliteEngineOptions {
  std::filesystem::path file;  ///< Made if it is missing; its folder must be there.
  std::uint32_t node = 0;      ///< Noted in a new file; one of another node is refused.
  Durability durability = Durability::batch;
  /// For entries and pages of the file that are kept in memory, half for each: the largest part of
  /// the engine's memory.
  std::size_t cache_bytes = std::size_t{64} << 20;
  /// Writes that would take the file beyond this fail as on a full disk; 0: no limit. The log of
  /// what is not in the file yet, some tens of MiB, is not counted.
  std::size_t max_file_bytes = 0;
  /// Whether to start empty whatever the file holds.
  bool discard = false;
  LogSink log;  ///< Is told why the medium fails. May be empty.
  /// Is told of a fault, after the log. If it returns, what meets the fault fails. May be empty.
  std::function<void(FileFault)> on_fault;
};

/// Keeps entries in an SQLite database, so that they outlive the process.
///
/// A batch of writes is kept as a whole: all of it is there after a crash, or nothing. A batch in
/// which a write fails is undone as a whole, and its other writes fail as well; the next one
/// is tried anew, so that the engine goes on when a full disk has room again. A write outside a
/// batch is a batch of its own.
///
/// Batches are kept in a log of their own until the database commits many of them together: when
/// that log is full, the oldest is 1 s old, or rest() is called. Entries of up to 16 KiB that are
/// looked for or written stay in memory, as far as there is room: of those found there nothing is
/// asked of the database.
///
/// The schema is for other programs too, which may read while the engine runs, but not write; they
/// see what is committed:
///
///     kv(position, key, value, version, expires_at)   one row per entry; key and value are blobs
///     meta(format, node, entries, newest_version, created)  one row
///     command(place, settled, writes)   records that may be needed yet, see keep_record()
///
/// `position` is scan_position(key); (position, key) is the primary key, and the table itself is
/// its index (WITHOUT ROWID): one tree serves look-ups and scans. `version` is below 2^63;
/// `created` is in milliseconds since 1970, and so is `expires_at`, which is NULL where there is no
/// such time. Files of format 1, which had no such column, get it when they are opened, and those
/// of format 2 the table `command`.
///
/// Beside the file are `-wal`, `-shm` and `-log`, which belong to it while it is in use or after a
/// crash, and `.lock`, which keeps a second engine away. The next engine commits what is in the
/// log.
///
/// Thread safety: none.
/// Lifetime: see StorageEngine. The destructor undoes a batch that was not ended.
/// Errors: the constructor throws std::runtime_error that says in words what is wrong with the
/// file; DamagedFile if it is that. Functions: errc::storage_failure, with the reason in the log;
/// errc::value_too_long for an entry beyond most_entry_bytes; errc::out_of_memory.
class SqliteEngine final : public StorageEngine {
 public:
  /// SQLite's own limit is 10^9 bytes for a row; this leaves some for what else is in it.
  static constexpr std::size_t most_entry_bytes = 999'999'000;

  explicit SqliteEngine(const SqliteEngineOptions& options);
  ~SqliteEngine() override;

  [[nodiscard]] result<ValueView> find(std::string_view key) override;
  [[nodiscard]] result<void> put(std::string_view key, std::string_view value, Version version,
                                 Timestamp expires_at = never) override;
  [[nodiscard]] result<void> set_expiry(std::string_view key, Version version,
                                        Timestamp expires_at) override;
  [[nodiscard]] result<bool> erase(std::string_view key, Timestamp now = never) override;
  [[nodiscard]] result<void> clear() override;
  [[nodiscard]] result<ScanPage> scan(ScanCursor cursor, std::size_t count) override;
  [[nodiscard]] result<ScanPage> scan_keys(ScanCursor cursor, std::size_t count) override;
  [[nodiscard]] std::size_t count() const noexcept override;
  [[nodiscard]] result<std::size_t> remove_expired(Timestamp now, std::size_t most) override;
  [[nodiscard]] std::size_t count_expired(Timestamp now) const noexcept override;
  [[nodiscard]] Timestamp earliest_expiry() const noexcept override;
  /// Takes time in proportion to them.
  [[nodiscard]] std::size_t count_expiring() const noexcept override;
  /// What the entries take of the file.
  [[nodiscard]] std::size_t bytes() const noexcept override;
  [[nodiscard]] Version newest_version() const noexcept override;
  [[nodiscard]] result<void> begin_batch() override;
  void prefetch(std::span<const std::string_view> keys) const noexcept override;
  void reach(Version version) noexcept override;
  [[nodiscard]] result<void> keep_record(Version place, Version settled,
                                         std::string_view writes) override;
  [[nodiscard]] result<void> end_batch() override;
  [[nodiscard]] result<void> flush() override;
  void rest() noexcept override;

  /// The memory that entries and pages take: about SqliteEngineOptions::cache_bytes at most.
  [[nodiscard]] std::size_t cached_bytes() const noexcept;

 private:
  enum class Batch : std::uint8_t {
    none,     ///< There is none.
    asked,    ///< Nothing was done in it yet.
    open,     ///< Something was read.
    changed,  ///< Something was written.
    undone,   ///< It has failed.
  };

  /// What the latest find() came to: good as long as its view.
  struct Found {
    bool known = false;
    std::string key;
    std::optional<ValueView> value;
  };

  template <class Write>
  [[nodiscard]] auto in_batch(Write write) -> decltype(write());
  [[nodiscard]] result<void> put_entry(std::string_view key, std::string_view value,
                                       Version version, Timestamp expires_at, bool known_absent);
  [[nodiscard]] result<void> set_expiry_of_entry(std::string_view key, Version version,
                                                 Timestamp expires_at);
  [[nodiscard]] result<std::size_t> remove_expired_entries(Timestamp now, std::size_t most);
  [[nodiscard]] result<bool> erase_entry(std::string_view key, Timestamp now);
  [[nodiscard]] result<void> clear_entries();
  [[nodiscard]] result<void> add_record(Version place, Version settled, std::string_view writes);
  [[nodiscard]] result<ScanPage> scan_with(SqliteStatement& scan, ScanCursor cursor,
                                           std::size_t count);
  [[nodiscard]] result<void> open_transaction();
  [[nodiscard]] result<void> keep_batch();
  void note_checkpoint();
  [[nodiscard]] errc read_failed(int code);
  [[nodiscard]] errc write_failed(int code);
  [[nodiscard]] errc failed(int code);
  void look_for_faults(int code);
  void release_views() noexcept;
  void undo() noexcept;
  void undo_writes() noexcept;

  std::unique_ptr<SqliteFile> file_;
  std::unique_ptr<SqliteWriter> writer_;
  std::unique_ptr<EntryCache> cache_;
  LogSink log_;
  std::function<void(FileFault)> on_fault_;
  Batch batch_ = Batch::none;
  errc batch_failure_ = errc::storage_failure;
  int logged_code_ = 0;  ///< The failure that was logged last, 0 since something has worked again.
  Found found_;
  std::vector<char> page_;  ///< What the latest scan returned views of.
};

}  // namespace pkv
