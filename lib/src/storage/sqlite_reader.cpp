#include "storage/sqlite_reader.hpp"

#include "base/hash.hpp"
#include "storage/scan_position.hpp"
#include "storage/sqlite_writer.hpp"

#include <stdexcept>

namespace pkv {
namespace {

/// Every page is read once: there is nothing to remember.
constexpr std::size_t cache_bytes = std::size_t{1} << 20;

SqliteEngineOptions options_for(const std::filesystem::path& file, std::uint32_t node) {
  SqliteEngineOptions options;
  options.file = file;
  options.node = node;
  options.cache_bytes = cache_bytes;
  return options;
}

/// Of the file with what a crash has left beside it.
SqliteFileNotes recovered_notes(SqliteFile& file, const SqliteEngineOptions& options) {
  const SqliteWriter writer(file, options);
  return writer.notes();
}

}  // namespace

SqliteReader::SqliteReader(const std::filesystem::path& file, std::uint32_t node)
    : path_(file.string()),
      file_(options_for(file, node)),
      notes_(recovered_notes(file_, options_for(file, node))),
      rows_(file_.connection(), "SELECT position, key, " + sqlite_columns(file_.connection()) +
                                    " FROM kv ORDER BY position, key") {}

std::size_t SqliteReader::used_bytes() noexcept {
  SqliteStatement& used = file_.statements().used_bytes;
  const std::size_t bytes = used.step() == SQLITE_ROW ? used.number(0) : 0;
  used.reset();
  return bytes;
}

bool SqliteReader::next() {
  previous_key_ = key_;
  const int code = rows_.step();
  if (code == SQLITE_ROW) {
    const ScanCursor position = rows_.number(0);
    const std::string_view key = rows_.blob(1);
    check_order(position, key);
    position_ = position;
    key_ = key;
    ++count_;
    return true;
  }
  key_ = {};
  const std::string why = file_.failure(code);
  if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB) throw DamagedFile(why);
  if (code != SQLITE_DONE) throw std::runtime_error(why);
  if (count_ != notes_.entries)
    throw DamagedFile(path_ + " is damaged (it holds " + std::to_string(count_) +
                      " entries where there should be " + std::to_string(notes_.entries) + ")");
  return false;
}

void SqliteReader::check_order(ScanCursor position, std::string_view key) {
  key_hash_ = hash_bytes(key);
  const bool rises = count_ == 0 || position > position_ ||
                     (position == position_ && key > std::string_view(previous_key_));
  if (position == position_of(key_hash_) && rises) return;
  throw DamagedFile(path_ + " is damaged (a key is not where it belongs)");
}

std::string sqlite_columns(sqlite3* connection) {
  SqliteStatement names(connection, "SELECT name FROM pragma_table_info('kv') ORDER BY name");
  std::string joined;
  while (names.step() == SQLITE_ROW)
    joined.append(joined.empty() ? "" : ", ").append(names.blob(0));
  return joined;
}

}  // namespace pkv
