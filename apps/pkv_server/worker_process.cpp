#include "pkv_server/worker_process.hpp"

#include "pkv/kv_store.hpp"

#include "mpi/worker_loop.hpp"
#include "worker/dispatcher.hpp"

#include <exception>
#include <string>

namespace pkv::server {
namespace {

constexpr std::uint32_t first_epoch = 1;

}  // namespace

void run_worker(const Options& options, const mpi::Environment& environment, const LogSink& log) {
  try {
    KVStore store(options.limits);
    // Half of what travels as one message: a part closes after the reply that fills it.
    Dispatcher dispatcher(store, NodeId{static_cast<std::uint32_t>(environment.rank())},
                          first_epoch, options.transport.preferred_frame_bytes / 2);
    mpi::WorkerLoop loop(
        options.transport,
        [&dispatcher](const wire::Frame& request, ReplySink& replies) {
          return dispatcher.run(request, replies);
        },
        log);
    log(LogLevel::debug, "serving");
    loop.run();
    log(LogLevel::debug, "leaving");
  } catch (const std::exception& error) {
    log(LogLevel::error, std::string("giving up: ") + error.what());
    mpi::Environment::leave(1);
  }
}

}  // namespace pkv::server
