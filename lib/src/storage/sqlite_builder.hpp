#pragma once

#include "pkv/storage_engine.hpp"

#include "storage/sqlite_file.hpp"
#include "storage/sqlite_reader.hpp"
#include "storage/sqlite_statement.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace pkv {

/// Writes a new engine's file from entries that come in its order, several times as fast as an
/// engine could, as nothing of it needs to survive a crash before it is complete.
///
///     SqliteBuilder builder(file, node);
///     while (reader.next()) builder.append(reader);
///     builder.finish(newest_version);
///
/// Thread safety: none.
/// Lifetime: a file that was not finished is no use, and may be removed when the builder is gone.
/// Errors: everything throws std::runtime_error, in words; then the file is no use.
class SqliteBuilder {
 public:
  /// Replaces a file that is there.
  SqliteBuilder(const std::filesystem::path& file, std::uint32_t node);

  /// Adds the reader's entry as it is. Requires: it is behind all others in the order of
  /// SqliteReader.
  void append(const SqliteReader& reader);

  /// The file is complete, and on the disk when this returns. Its folder has still to be synced.
  void finish(Version newest_version);

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  void execute(const std::string& sql);
  [[nodiscard]] std::string insertion();
  void check(int code);

  std::filesystem::path path_;
  std::optional<SqliteFile> file_;
  std::optional<SqliteStatement> insert_;
  std::size_t count_ = 0;
};

/// Removes an engine's file, if there is one, and what belongs to it. Requires: no engine has it
/// open. Errors: throws std::filesystem::filesystem_error.
void remove_sqlite_file(const std::filesystem::path& file);

}  // namespace pkv
