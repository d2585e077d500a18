#include "pkv/kv_store.hpp"

#include "base/latency_histogram.hpp"
#include "mpi/environment.hpp"
#include "mpi/mpi_transport.hpp"
#include "mpi/worker_loop.hpp"
#include "mpi_batch/driver.hpp"
#include "worker/dispatcher.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

// mpiexec -n 2 pkv_mpi_batch shm|tcp ROUNDS: how long batches take from rank 0 to a worker and
// back.
namespace {

using namespace pkv;
using namespace std::chrono_literals;

constexpr std::size_t warm_up_rounds = 200;

void say(LogLevel, std::string_view line) {
  std::fprintf(stderr, "pkv_mpi_batch: %.*s\n", static_cast<int>(line.size()), line.data());
}

/// As pkv_server does it, which says why.
void set_transport_environment(std::string_view carrier) {
  constexpr int replace = 1;
  setenv("UCX_TLS", carrier == "shm" ? "sm,self" : "tcp,self", replace);
  setenv("MPIR_CVAR_REQUEST_POLL_FREQ", "1000", replace);
}

double microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

void measure(mpi_batch::Driver& driver, const char* carrier, std::size_t rounds) {
  for (const std::uint32_t operations : {1U, 16U, 256U, 2048U}) {
    for (std::size_t i = 0; i < warm_up_rounds; ++i)
      (void)driver.round_trip(operations);
    LatencyHistogram times;
    for (std::size_t i = 0; i < rounds; ++i)
      times.record(driver.round_trip(operations));
    const double mean = microseconds(times.mean());
    std::printf("%-9s  %5u  %9.1f  %9.1f  %9.1f  %12.0f\n", carrier, operations,
                microseconds(times.percentile(50)), microseconds(times.percentile(99)), mean,
                1e6 * operations / mean);
    std::fflush(stdout);
  }
}

/// Rank 0: MPI on this thread, the driver on another. Returns the exit status.
int drive(std::size_t workers, const char* carrier, std::size_t rounds) {
  mpi::MpiTransport transport(workers, {}, say);
  mpi_batch::Driver driver(transport);
  int exit_status = 0;
  std::jthread thread([&] {
    try {
      measure(driver, carrier, rounds);
    } catch (const std::exception& error) {
      say(LogLevel::error, error.what());
      exit_status = 1;
    }
    transport.stop(1s);
  });
  if (!transport.run()) mpi::Environment::leave(1);
  thread.join();
  return exit_status;
}

/// Any other rank: a worker as in pkv_server.
void work(int rank) {
  const mpi::TransportSettings settings;
  KVStore store;
  Dispatcher dispatcher(store, mpi_batch::node_of(static_cast<std::size_t>(rank - 1)),
                        mpi_batch::first_epoch, settings.preferred_frame_bytes / 2);
  mpi::WorkerLoop loop(
      settings,
      [&dispatcher](const wire::Frame& request, ReplySink& replies) {
        return dispatcher.run(request, replies);
      },
      say);
  loop.run();
}

int run(int argument_count, char** arguments) {
  const std::string_view carrier = argument_count == 3 ? arguments[1] : "";
  const std::size_t rounds =
      argument_count == 3 ? std::strtoull(arguments[2], nullptr, 10) : std::size_t{0};
  if ((carrier != "shm" && carrier != "tcp") || rounds == 0) {
    std::fprintf(stderr, "Usage: mpiexec -n 2 pkv_mpi_batch shm|tcp ROUNDS\n");
    return 2;
  }
  set_transport_environment(carrier);
  mpi::Environment environment(argument_count, arguments);
  if (environment.size() < 2) throw std::runtime_error("needs at least 2 ranks: mpiexec -n 2");
  int exit_status = 0;
  if (environment.rank() == 0)
    exit_status = drive(static_cast<std::size_t>(environment.size() - 1), carrier.data(), rounds);
  else
    work(environment.rank());
  environment.finalize();
  return exit_status;
}

}  // namespace

int main(int argument_count, char** arguments) {
  try {
    return run(argument_count, arguments);
  } catch (const std::exception& error) {
    say(LogLevel::error, error.what());
    // Without a goodbye to MPI: the other ranks would wait for it.
    mpi::Environment::leave(1);
  }
}
