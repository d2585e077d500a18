#include "pkv_server/node_storage.hpp"

#include "pkv/memory_engine.hpp"
#include "pkv/sqlite_engine.hpp"

#include "pkv_server/data_folder.hpp"
#include "wire/first_sequence.hpp"
#include "wire/tags.hpp"

#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace pkv::server {

std::unique_ptr<StorageEngine> open_engine(const Options& options, std::uint32_t node,
                                           std::uint32_t epoch, const LogSink& log) {
  if (options.engine == Engine::memory) return std::make_unique<MemoryEngine>();
  SqliteEngineOptions sqlite;
  sqlite.file = node_file(options, node);
  sqlite.node = node;
  sqlite.durability = options.durability;
  sqlite.cache_bytes = options.cache_bytes;
  sqlite.discard = epoch > wire::first_epoch && options.replicas > 1;
  sqlite.log = log;
  std::error_code ignored;  // what comes next says so, too
  std::filesystem::create_directories(options.data_folder, ignored);
  if (sqlite.discard && std::filesystem::exists(sqlite.file, ignored))
    log(LogLevel::info,
        sqlite.file.string() + " is emptied: others have been written to without it");
  auto engine = std::make_unique<SqliteEngine>(sqlite);
  check_clock(sqlite.file.string(), epoch == wire::first_epoch ? engine->newest_version() : 0);
  if (engine->count() > 0)
    log(LogLevel::info,
        sqlite.file.string() + " holds " + std::to_string(engine->count()) + " keys");
  return engine;
}

void check_clock(const std::string& file, Version newest_version) {
  if (newest_version < first_sequence()) return;
  const auto behind = (newest_version - first_sequence()) >> sequences_per_ms_bits;
  throw std::runtime_error(
      file + " was written " + std::to_string(behind / 1000 + 1) +
      " s later than this machine's clock says it is now: set the clock right, "
      "or wait");
}

}  // namespace pkv::server
