#pragma once

#include "pkv/storage_engine.hpp"

#include "base/byte_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>

namespace pkv {

/// What a batch did to an entry, or to all; or a record that it keeps, see CommandRecord: then
/// `version` is the command's place and `value` what it writes.
struct LoggedWrite {
  enum class Kind : std::uint8_t { put = 1, erase = 2, clear = 3, set_expiry = 4, record = 5 };

  Kind kind = Kind::put;
  std::string_view key{};
  std::string_view value{};
  Version version = 0;
  Timestamp expires_at = never;
  Version settled = 0;  ///< Of a record.
};

/// The batches that a database has not committed yet, in a file beside it.
///
/// A database writes whole pages, a log what has changed: so a batch is kept by one short write to
/// the log, and the database takes many batches together, in one transaction. Each of these has a
/// number, which the database keeps; the log holds the batches of the one that has not been
/// committed. After a crash those whose number is the one that comes next are done again.
///
///     batches.add({LoggedWrite::Kind::put, key, value, version});
///     batches.append(newest_version);       // as often as there is room()
///     ... the database commits ...
///     batches.start_over(store, number);
///
/// The file is written from its beginning again and again. A batch in it:
///
///     checksum (8)  store (8)  transaction (8)  newest_version (8)  at (8)  bytes (8)  writes
///
/// and a write: kind (1), 0 (3), key_bytes (4), value_bytes (8), version (8), expires_at (8) or, of
/// a record, settled (8), key, value. All numbers are little-endian; the checksum is XXH3 of
/// everything behind it. What does not fit together is the end: it has not been written wholly, or
/// is from before.
///
/// It is read and written through SQLite's VFS, as the database is.
///
/// Thread safety: none.
/// Errors: codes of SQLite. The constructor throws std::runtime_error.
class WriteLog {
 public:
  /// The file's name is that of the database and this.
  static constexpr const char* suffix = "-log";
  /// The more writes come into one transaction of the database, the more of them share the pages
  /// that it writes, and the rarer are the pauses while it does.
  static constexpr std::size_t most_bytes = std::size_t{4} << 20;
  /// Beyond this a batch is better committed by the database at once.
  static constexpr std::size_t most_batch_bytes = std::size_t{1} << 20;
  /// Records have a room of their own, as most of them never come into the database: if they made
  /// it commit more often, each would cost as much as several writes.
  static constexpr std::size_t most_record_bytes = std::size_t{8} << 20;

  /// The database is there already; the file gets its permissions. `most_writes`: when there are so
  /// many, there is no room.
  WriteLog(const std::string& database, std::size_t most_writes);
  ~WriteLog();
  WriteLog(const WriteLog&) = delete;
  WriteLog& operator=(const WriteLog&) = delete;

  /// The batches of this transaction of the store are to be looked for, or come next. `store`
  /// tells it from others whose files had the same name.
  void start_over(std::uint64_t store, std::uint64_t transaction) noexcept;

  /// So that what is there from before can never be taken for what comes next. Requires: empty().
  void empty_file() noexcept;

  /// Removes the file: nothing may be done any more. Requires: empty().
  void remove() noexcept;

  /// Adds to the batch that comes next. Throws std::bad_alloc.
  void add(const LoggedWrite& write);
  /// Forgets that batch.
  void drop() noexcept;

  /// Whether the batch that comes next has room behind the others.
  [[nodiscard]] bool has_room() const noexcept;
  /// Writes it there.
  [[nodiscard]] int append(Version newest_version) noexcept;
  /// Takes the latest batch back.
  void take_back() noexcept;
  /// Returns when all of it is on the disk.
  [[nodiscard]] int sync() noexcept;
  /// Whether some of it was brought to the disk.
  [[nodiscard]] bool has_synced() const noexcept { return synced_; }
  /// Whether it holds no batch.
  [[nodiscard]] bool empty() const noexcept { return end_ == 0; }

  /// Does `redo` for each write and `end_batch` at the end of each batch, from the first on. Stops
  /// at an error of theirs. What was found then comes before what is appended.
  using Redo = std::function<int(const LoggedWrite&)>;
  using EndBatch = std::function<void(Version newest_version)>;
  [[nodiscard]] int replay(const Redo& redo, const EndBatch& end_batch);

 private:
  struct Batch {
    Version newest_version = 0;
    std::string_view writes;
    std::size_t bytes = 0;  ///< With its head.
  };

  [[nodiscard]] int write_next() noexcept;
  [[nodiscard]] int read(char* to, std::size_t size) noexcept;
  [[nodiscard]] bool read_batch(std::string_view file, std::size_t at, Batch& batch) const noexcept;

  std::string path_;
  std::unique_ptr<char[]> file_memory_;  // of the type that the VFS has
  sqlite3_file* file_;
  std::size_t most_writes_;
  std::uint64_t store_ = 0;
  std::uint64_t transaction_ = 0;
  ByteBuffer next_;  // its head and writes
  std::size_t next_writes_ = 0;
  std::size_t next_record_bytes_ = 0;
  bool too_large_ = false;  // the batch that comes next is not kept here
  std::size_t writes_ = 0;  // in the file
  std::size_t record_bytes_ = 0;
  std::size_t end_ = 0;
  std::size_t last_ = 0;  // where the latest batch begins
  std::size_t last_writes_ = 0;
  std::size_t last_record_bytes_ = 0;
  bool synced_ = false;
};

}  // namespace pkv
