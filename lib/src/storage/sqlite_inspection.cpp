#include "pkv/sqlite_inspection.hpp"

#include "pkv/sqlite_engine.hpp"

#include "storage/sqlite_file.hpp"
#include "storage/sqlite_writer.hpp"
#include "storage/write_log.hpp"

#include <algorithm>
#include <array>
#include <sqlite3.h>
#include <string>

namespace pkv {

SqliteFileNotes inspect_sqlite_file(const std::filesystem::path& path, std::uint32_t node) {
  SqliteEngineOptions options;
  options.file = path;
  options.node = node;
  SqliteFile file(options);
  // Copying the log into the file takes time, and is for the one who works with it.
  sqlite3_db_config(file.connection(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const SqliteWriter writer(file, options);
  return writer.notes();
}

std::filesystem::path set_sqlite_file_aside(const std::filesystem::path& file) {
  const auto named = [&file](const std::string& addition) {
    std::filesystem::path path = file;
    return path += addition;
  };
  constexpr std::array parts{"-wal", WriteLog::suffix, "-shm",
                             ""};  // the file last: a new one must not find the logs
  std::string addition;
  const auto is_taken = [&](const char* part) {
    return std::filesystem::exists(named(addition + part));
  };
  for (unsigned number = 1;; ++number) {
    addition = ".damaged-" + std::to_string(number);
    if (std::ranges::none_of(parts, is_taken)) break;
  }
  for (const char* const part : parts)
    if (std::filesystem::exists(named(part)))
      std::filesystem::rename(named(part), named(addition + part));
  return named(addition);
}

}  // namespace pkv
