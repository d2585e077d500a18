#include "mpi/environment.hpp"
#include "mpi/keeper_link.hpp"
#include "pkv_server/coordinator_process.hpp"
#include "pkv_server/data_preparation.hpp"
#include "pkv_server/hydra_job.hpp"
#include "pkv_server/keeper_process.hpp"
#include "pkv_server/launcher.hpp"
#include "pkv_server/log.hpp"
#include "pkv_server/node_storage.hpp"
#include "pkv_server/options.hpp"
#include "pkv_server/rank0_word.hpp"
#include "pkv_server/worker_process.hpp"
#include "wire/tags.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <malloc.h>
#include <memory>
#include <pthread.h>
#include <sqlite3.h>
#include <string>
#include <utility>

namespace pkv::server {
namespace {

/// Settings that MPI and UCX read from the environment, and only from there. What the user has set
/// stays, except where an option says otherwise.
void set_transport_environment(const Options& options) {
  constexpr int keep = 0;
  constexpr int replace = 1;
  if (options.carrier == Carrier::shared_memory) setenv("UCX_TLS", "sm,self", replace);
  if (options.over_tcp()) setenv("UCX_TLS", "tcp,self", replace);
  // Without NOLOCAL MPI_Init waits for the ranks of the same machine, in a way of its own.
  if (options.outlives_workers()) {
    setenv("MPIR_CVAR_NOLOCAL", "1", replace);
    mpi::prepare_for_deaths();
  }
  // A frame of many commands in few pieces: with UCX's 8 KiB it costs a system call, a hand-shake
  // or a wake-up for each. At pipeline 64 over TCP more than half as fast again, a fifth over
  // shared memory, of which the buffers' number is cut so that they take no more of it. Over TCP
  // 64 KiB are enough for that; with 256, values of 1 MiB are read a sixth faster.
  setenv("UCX_TCP_TX_SEG_SIZE", "256k", keep);
  setenv("UCX_TCP_RX_SEG_SIZE", "512k", keep);
  if (!options.over_tcp()) {  // where UCX would complain that they are not used
    for (const char* const memory : {"POSIX", "SYSV"}) {
      setenv(("UCX_" + std::string(memory) + "_SEG_SIZE").c_str(), "32k", keep);
      setenv(("UCX_" + std::string(memory) + "_RX_BUFS_GROW").c_str(), "128", keep);
    }
  }
  // One look at the network per MPI_Testsome, not one per eight requests in it.
  setenv("MPIR_CVAR_REQUEST_POLL_FREQ", "1000", keep);
}

/// Frames of large values come and go thousands of times a second. Left to itself malloc() gives
/// their memory back to the system each time, and every page of the next one is a page fault:
/// values of 1 MiB are a quarter slower. What is kept is bounded by the largest of these.
///
/// Frames also go from one thread of rank 0 to the other. From one arena for both, what one thread
/// frees is what the other takes next, still in the cache, and it may lie in huge pages (launcher).
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc accepts
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_ARENA_MAX, 1);
}

/// SQLite counts all memory that it takes, for the whole process and so with a lock, several times
/// per statement. Nobody asks for it.
void count_no_memory_of_sqlite() {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/// Rank 0 answers these signals once it is ready: until then they wait. Workers leave when rank 0
/// tells them, and ignore the copies that mpiexec sends to every rank.
void hold_signals(bool is_worker) {
  if (is_worker) {
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, SIG_IGN);
    return;
  }
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  sigaddset(&held, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &held, nullptr);
}

/// A worker whose machine does not have the log file's folder can still work. Rank 0 cannot, and
/// says so where all of them fail; hence the low voice here.
LogSink open_worker_log(Options options, int rank) {
  try {
    return open_log(options, rank);
  } catch (const std::exception& error) {
    options.log_file.clear();
    LogSink log = open_log(options, rank);
    log(LogLevel::debug, std::string(error.what()) + "; logging to standard error");
    return log;
  }
}

int refuse_single_rank() {
  std::fprintf(stderr,
               "pkv_server: needs at least 2 ranks, one coordinator and one worker: "
               "mpiexec -n 2 pkv_server\n");
  return 1;
}

/// Where worker processes may die: the keeper of a rank, or what it keeps.
int run_lasting_rank(const Options& options, int argument_count, char** arguments) {
  const HydraJob job = hydra_job();
  if (job.ranks < 2) return refuse_single_rank();
  if (!mpi::has_keeper()) return run_keeper(open_worker_log(options, job.rank), options, arguments);

  pthread_setname_np(pthread_self(), "pkv_server");  // its file has another name, see run_keeper
  if (job.rank == 0) run_lasting_coordinator(options, argument_count, arguments);
  run_lasting_worker(options, argument_count, arguments, open_worker_log(options, job.rank));
}

/// For the moment before MPI knows; what Hydra says is the same for all.
std::size_t other_ranks() {
  const char* const ranks = std::getenv("PMI_SIZE");
  return ranks == nullptr ? 1 : static_cast<std::size_t>(std::max(std::atoi(ranks) - 1, 1));
}

int run_rank(const Options& given, int argument_count, char** arguments) {
  const Options options = with_possible_replicas(given, other_ranks());
  const bool is_worker = mpi::rank_from_launcher() != 0;
  if (!mpi::has_keeper() && !prepare_data_of_rank(options, mpi::rank_from_launcher())) return 1;
  hold_signals(is_worker);
  keep_freed_memory();
  count_no_memory_of_sqlite();
  set_transport_environment(options);
  if (options.outlives_workers()) return run_lasting_rank(options, argument_count, arguments);

  mpi::Environment environment(argument_count, arguments);
  const int rank = environment.rank();
  LogSink log;
  std::unique_ptr<StorageEngine> engine;
  if (rank != 0) {
    // Before they are gathered: when rank 0 knows of all processes, all have their files.
    log = open_worker_log(options, rank);
    engine = open_engine(options, static_cast<std::uint32_t>(rank), wire::first_epoch, log);
  }
  const auto processes = environment.gather_processes();
  if (environment.size() < 2) {
    environment.finalize();
    return refuse_single_rank();
  }
  if (rank == 0) return run_coordinator(options, environment, processes);

  run_worker(options, environment, std::move(engine), log);
  environment.finalize();
  return 0;
}

}  // namespace
}  // namespace pkv::server

int main(int argument_count, char** arguments) {
  using namespace pkv;
  try {
    const bool under_mpiexec = mpi::started_by_launcher();
    const bool may_speak = !under_mpiexec || mpi::rank_from_launcher() == 0;
    int exit_status = 0;
    const auto options = server::parse_options(argument_count, arguments, may_speak, exit_status);
    if (!options) return exit_status;
    if (!under_mpiexec) return server::launch(*options, argument_count, arguments);
    return server::run_rank(*options, argument_count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pkv_server: %s\n", error.what());
    // The end of a worker that has a keeper is not that of the job.
    if (!mpi::has_keeper() || mpi::rank_from_launcher() == 0)
      server::tell_launcher_why(error.what());
    return 1;
  }
}
