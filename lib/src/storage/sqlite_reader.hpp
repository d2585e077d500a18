#pragma once

#include "pkv/sqlite_inspection.hpp"
#include "pkv/storage_engine.hpp"

#include "storage/sqlite_file.hpp"
#include "storage/sqlite_statement.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace pkv {

/// Reads an engine's file that no engine has open, entry by entry, by rising scan position and, of
/// one position, by key. All files are in this order, so that several can be merged.
///
///     for (SqliteReader reader(file, node); reader.next();) use(reader.key());
///
/// Thread safety: none.
/// Lifetime: views are good until the next call of next().
/// Errors: the constructor as that of SqliteEngine. next() throws DamagedFile if the file is not
/// what was written, std::runtime_error if it cannot be read, both in words.
class SqliteReader {
 public:
  SqliteReader(const std::filesystem::path& file, std::uint32_t node);

  [[nodiscard]] const SqliteFileNotes& notes() const noexcept { return notes_; }
  /// What the entries take of the file.
  [[nodiscard]] std::size_t used_bytes() noexcept;

  /// Goes to the next entry, at first to the first one. False at the end.
  [[nodiscard]] bool next();

  // Of the entry. Requires: next() has returned true.
  [[nodiscard]] ScanCursor position() const noexcept { return position_; }
  [[nodiscard]] std::string_view key() const noexcept { return key_; }
  /// XXH3 (64 bits, seed 0) of the key: its position on a ring.
  [[nodiscard]] std::uint64_t key_hash() const noexcept { return key_hash_; }
  /// All of it, for those who take it as it is: the columns that are named in sqlite_columns(), in
  /// their order, from `first_column` on.
  [[nodiscard]] sqlite3_stmt* row() const noexcept { return rows_.get(); }
  static constexpr int first_column = 2;

 private:
  void check_order(ScanCursor position, std::string_view key);

  std::string path_;
  SqliteFile file_;
  SqliteFileNotes notes_;
  SqliteStatement rows_;
  std::size_t count_ = 0;
  ScanCursor position_ = 0;
  std::string_view key_;
  std::string previous_key_;
  std::uint64_t key_hash_ = 0;
};

/// The names of the columns that entries have, separated by commas. In the order of the alphabet,
/// as a column that was added to a former format is not where it is in a new file.
[[nodiscard]] std::string sqlite_columns(sqlite3* connection);

}  // namespace pkv
