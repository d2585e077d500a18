#pragma once

#include "pkv/limits.hpp"
#include "pkv/log.hpp"
#include "pkv/ring_types.hpp"
#include "pkv/sqlite_engine.hpp"

#include "mpi/settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pkv::server {

/// What carries the messages between ranks.
enum class Carrier { automatic, shared_memory, tcp };

/// Who decides on which CPUs the processes run.
enum class Scheduling {
  automatic,  ///< CpuSharing, where there are more threads than CPUs.
  system,     ///< The operating system alone.
};

/// What happens when the process of a worker dies.
enum class WorkerLoss {
  automatic,  ///< `restart` if its data are elsewhere too, else `stop`.
  stop,       ///< The job ends.
  restart,    ///< Another process takes its place; where that cannot be, as `spare`.
  spare,      ///< It stays away. A spare worker takes the place of its node, if there is one.
};

/// What the nodes keep their entries in.
enum class Engine { memory, sqlite };

/// The command line of pkv_server. The same on every rank, because the command line is.
struct Options {
  std::string bind_address = "127.0.0.1";
  std::uint16_t port = 7379;
  std::string port_file;        ///< Empty: none.
  int workers = 4;              ///< When pkv_server starts the ranks itself.
  std::vector<double> weights;  ///< Of the workers, in order; empty: all are 1.
  RingOptions ring;
  std::size_t replicas = 1;
  std::size_t spares = 0;      ///< Further workers, not on the ring at first.
  std::size_t copy_limit = 0;  ///< Bytes per second; 0: none.
  bool debug_commands = false;
  std::size_t max_memory = 0;  ///< Of all nodes' entries, when they are in memory; 0: no limit.
  Engine engine = Engine::memory;
  std::string data_folder;  ///< Of the engines that have files.
  Durability durability = Durability::batch;
  std::size_t cache_bytes = std::size_t{64} << 20;  ///< Of each node, with such an engine.
  std::string snapshot_folder;                      ///< Empty: beside the nodes' files, or none.
  std::size_t view_bytes = std::size_t{256} << 20;  ///< Of each node, see StoreViews.
  std::string restore_folder;                       ///< A snapshot to begin with. Empty: none.
  WorkerLoss on_worker_loss = WorkerLoss::automatic;
  /// Silence after which a worker's process is taken for lost, where that does not end the job.
  std::chrono::milliseconds heartbeat_limit{800};
  /// Time without a way to rank 0 after which a worker on another machine ends by itself.
  std::chrono::milliseconds orphan_limit{300'000};
  Limits limits;
  mpi::TransportSettings transport;
  Carrier carrier = Carrier::automatic;
  Scheduling scheduling = Scheduling::automatic;
  LogLevel log_level = LogLevel::info;
  std::string log_file;  ///< Empty: standard error.

  /// Whether the job goes on when a worker process dies.
  [[nodiscard]] bool outlives_workers() const noexcept {
    return on_worker_loss == WorkerLoss::spare || restarts_workers();
  }
  /// Whether all ranks talk over TCP, also those of one machine.
  [[nodiscard]] bool over_tcp() const noexcept {
    return carrier == Carrier::tcp || outlives_workers();
  }
  /// Whether worker processes that die are to be started again.
  [[nodiscard]] bool restarts_workers() const noexcept {
    return on_worker_loss == WorkerLoss::restart ||
           (on_worker_loss == WorkerLoss::automatic && replicas > 1);
  }
};

/// Reads the command line. When there is nothing to run, because of --help, --version or a mistake,
/// it says so (if `may_speak`: one rank of many should) and returns nothing; `exit_status` is set.
[[nodiscard]] std::optional<Options> parse_options(int argument_count, char** arguments,
                                                   bool may_speak, int& exit_status);

}  // namespace pkv::server
