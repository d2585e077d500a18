#include "pkv_server/worker_process.hpp"

#include "pkv/kv_store.hpp"

#include "mpi/keeper_link.hpp"
#include "mpi/pulse.hpp"
#include "mpi/worker_loop.hpp"
#include "pkv_server/node_storage.hpp"
#include "wire/tags.hpp"
#include "worker/dispatcher.hpp"
#include "worker/kept_memory.hpp"

#include <cstddef>
#include <exception>
#include <malloc.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace pkv::server {
namespace {

/// What main() sets for all processes, fitted to what this one stores.
void keep_freed_memory(const std::optional<std::size_t>& bytes) {
  if (!bytes) return;
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(*bytes));
  if (*bytes == KeptMemory::least_bytes) malloc_trim(*bytes);
}

/// Serves until goodbye. `pulse` counts the turns.
void serve(const Options& options, std::unique_ptr<StorageEngine> engine, int rank,
           std::uint32_t epoch, const LogSink& log, mpi::Pulse& pulse) {
  try {
    KVStore store(std::move(engine), options.limits);
    const bool in_memory = options.engine == Engine::memory;
    // Half of what travels as one message: a part closes after the reply that fills it.
    Dispatcher dispatcher(store, NodeId{static_cast<std::uint32_t>(rank)}, epoch,
                          options.transport.preferred_frame_bytes / 2,
                          {.most_saved_bytes = options.view_bytes}, in_memory);
    KeptMemory kept;
    mpi::WorkerLoop loop(
        options.transport,
        [&](wire::Frame& request, ReplySink& replies) {
          const result<void> done = dispatcher.run(std::move(request), replies);
          if (in_memory) keep_freed_memory(kept.follow(store.bytes(), store.time()));
          return done;
        },
        log, epoch, &pulse);
    loop.rest_with([&store] { store.rest(); });
    if (in_memory) loop.sleep_with([&] { keep_freed_memory(kept.settle(store.bytes())); });
    log(LogLevel::debug, "serving");
    loop.run();
    log(LogLevel::debug, "leaving");
  } catch (const std::exception& error) {
    log(LogLevel::error, std::string("giving up: ") + error.what());
    mpi::Environment::leave(1);
  }
}

}  // namespace

void run_worker(const Options& options, const mpi::Environment& environment,
                std::unique_ptr<StorageEngine> engine, const LogSink& log) {
  mpi::Pulse pulse;
  serve(options, std::move(engine), environment.rank(), wire::first_epoch, log, pulse);
}

void run_lasting_worker(const Options& options, int argument_count, char** arguments,
                        const LogSink& log) {
  mpi::Pulse pulse;
  mpi::KeeperLink keeper;
  const mpi::Beat beat(keeper, pulse);  // from here on: MPI_Init may take its time
  const std::uint32_t epoch = mpi::own_epoch();
  auto engine =
      open_engine(options, static_cast<std::uint32_t>(mpi::rank_from_launcher()), epoch, log);
  const mpi::Environment environment(
      argument_count, arguments,
      options.restarts_workers() ? mpi::Rebirth::wanted : mpi::Rebirth::unwanted);
  if (!environment.why_not_replaceable().empty()) keeper.say_last();
  keeper.say_address(environment.address());
  serve(options, std::move(engine), environment.rank(), epoch, log, pulse);
  mpi::Environment::leave(0);  // MPI_Finalize would wait for ranks that may be missing
}

}  // namespace pkv::server
