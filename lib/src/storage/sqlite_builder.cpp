#include "storage/sqlite_builder.hpp"

#include "base/sync_file.hpp"
#include "storage/write_log.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace pkv {
namespace {

/// Full pages at the end of the tree are not needed again.
constexpr std::size_t cache_bytes = std::size_t{4} << 20;

SqliteEngineOptions options_for(const std::filesystem::path& file, std::uint32_t node) {
  SqliteEngineOptions options;
  options.file = file;
  options.node = node;
  options.cache_bytes = cache_bytes;
  options.durability = Durability::none;
  options.discard = true;
  return options;
}

/// Without a copy: the source's row outlives the insertion.
int bind_column(sqlite3_stmt* to, int parameter, sqlite3_stmt* from, int column) {
  switch (sqlite3_column_type(from, column)) {
    case SQLITE_INTEGER:
      return sqlite3_bind_int64(to, parameter, sqlite3_column_int64(from, column));
    case SQLITE_BLOB: {
      const int bytes = sqlite3_column_bytes(from, column);
      const void* const blob = sqlite3_column_blob(from, column);
      // A null pointer would be NULL, which is not an empty blob.
      return sqlite3_bind_blob(to, parameter, bytes > 0 ? blob : "", bytes, SQLITE_STATIC);
    }
    default:
      return sqlite3_bind_value(to, parameter, sqlite3_column_value(from, column));
  }
}

}  // namespace

SqliteBuilder::SqliteBuilder(const std::filesystem::path& file, std::uint32_t node) : path_(file) {
  file_.emplace(options_for(file, node));
  execute("PRAGMA locking_mode = EXCLUSIVE");
  execute("PRAGMA journal_mode = OFF");  // the engine that opens it makes that WAL again
  execute("BEGIN EXCLUSIVE");
  insert_.emplace(file_->connection(), insertion());
}

std::string SqliteBuilder::insertion() {
  const std::string columns = sqlite_columns(file_->connection());
  std::string parameters = "?";
  for (auto more = std::ranges::count(columns, ','); more > 0; --more)
    parameters += ", ?";
  return "INSERT INTO kv(" + columns + ") VALUES(" + parameters + ')';
}

void SqliteBuilder::append(const SqliteReader& reader) {
  sqlite3_stmt* const from = reader.row();
  for (int column = SqliteReader::first_column; column < sqlite3_column_count(from); ++column)
    check(bind_column(insert_->get(), column - SqliteReader::first_column + 1, from, column));
  check(insert_->run());
  ++count_;
}

void SqliteBuilder::finish(Version newest_version) {
  execute("UPDATE meta SET entries = " + std::to_string(count_) +
          ", newest_version = " + std::to_string(newest_version));
  execute("COMMIT");
  insert_.reset();
  file_.reset();
  sync_file(path_);
}

void SqliteBuilder::execute(const std::string& sql) {
  check(sqlite3_exec(file_->connection(), sql.c_str(), nullptr, nullptr, nullptr));
}

void SqliteBuilder::check(int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE) throw std::runtime_error(file_->failure(code));
}

void remove_sqlite_file(const std::filesystem::path& file) {
  for (const char* const suffix : {"-journal", "-shm", "", WriteLog::suffix, "-wal", ".lock"}) {
    std::filesystem::path part = file;
    std::filesystem::remove(part += suffix);
  }
}

}  // namespace pkv
