#include "pkv_server/node_storage.hpp"

#include "pkv/memory_engine.hpp"
#include "pkv/sqlite_engine.hpp"
#include "pkv/sqlite_inspection.hpp"

#include "mpi/environment.hpp"
#include "pkv_server/data_folder.hpp"
#include "pkv_server/data_layout.hpp"
#include "wire/first_sequence.hpp"
#include "wire/tags.hpp"

#include <chrono>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_wait_for_note = 2s;
constexpr auto look_interval = 2ms;

/// Ends a process whose file it cannot rely on any more, if another one can do better.
std::function<void(FileFault)> ender(const Options& options, const std::filesystem::path& file,
                                     const LogSink& log) {
  const bool is_refilled = options.replicas > 1 && options.restarts_workers();
  return [is_refilled, file, log](FileFault fault) {
    if (fault == FileFault::damaged) {
      if (!is_refilled) return;  // what can be read is better than nothing
      log(LogLevel::error, file.string() + " is set aside as " +
                               set_sqlite_file_aside(file).string() +
                               ": this process ends, and the next one is filled from the others");
    } else {
      log(LogLevel::error, file.string() +
                               " is not on the disk, whatever it holds: this process ends rather "
                               "than go on as if it were");
    }
    mpi::Environment::leave(1);
  };
}

/// A node that should have its file must not begin without.
void check_presence(const Options& options, std::uint32_t node) {
  const std::filesystem::path file = node_file(options.data_folder, node);
  if (!is_missing(file, options.replicas)) return;
  const auto layout = read_layout(options.data_folder);
  if (!layout || layout->spread.off.contains(node) || layout->lost.contains(node) ||
      layout->damaged.contains(node))
    return;
  throw std::runtime_error(file.string() +
                           " is missing: put it back, or start pkv_server by itself, not under "
                           "mpiexec, to have it filled from replicas");
}

/// A file is emptied only when a later server would know that: if all were killed before, it would
/// be trusted. Rank 0 notes the loss of the process before within milliseconds; where it cannot, as
/// it is still starting, or the folder is another machine's, nobody waits for long.
void wait_for_note_of_loss(const std::string& folder, std::uint32_t node) {
  const auto deadline = std::chrono::steady_clock::now() + longest_wait_for_note;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto layout = read_layout(folder);
    if (!layout || layout->lost.contains(node) || layout->damaged.contains(node)) return;
    std::this_thread::sleep_for(look_interval);
  }
}

}  // namespace

std::unique_ptr<StorageEngine> open_engine(const Options& options, std::uint32_t node,
                                           std::uint32_t epoch, const LogSink& log) {
  if (options.engine == Engine::memory) return std::make_unique<MemoryEngine>();
  SqliteEngineOptions sqlite;
  sqlite.file = node_file(options.data_folder, node);
  sqlite.node = node;
  sqlite.durability = options.durability;
  sqlite.cache_bytes = options.cache_bytes;
  sqlite.discard = epoch > wire::first_epoch && options.replicas > 1;
  sqlite.log = log;
  sqlite.on_fault = ender(options, sqlite.file, log);
  std::error_code ignored;  // what comes next says so, too
  std::filesystem::create_directories(options.data_folder, ignored);
  if (!sqlite.discard) check_presence(options, node);
  if (sqlite.discard && std::filesystem::exists(sqlite.file, ignored)) {
    wait_for_note_of_loss(options.data_folder, node);
    log(LogLevel::info,
        sqlite.file.string() + " is emptied: others have been written to without it");
  }
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

bool is_missing(const std::filesystem::path& file, std::size_t replicas) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? !std::filesystem::exists(file) : replicas > 1 && size == 0;
}

}  // namespace pkv::server
