#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pkv::mpi {

/// One process of the job.
struct Process {
  int rank = 0;
  std::int64_t process_id = 0;
  std::string host;
};

/// The process's membership in the MPI job: initialises MPI, and leaves it in one of two ways.
///
/// Construct it once, at the start of main, before any thread; then exactly one of finalize() and
/// leave() ends the membership. The destructor calls nothing of MPI: whether the other ranks are
/// still there to meet in MPI_Finalize is for the caller to know.
///
/// All MPI calls of a process are made on the thread that constructed this (MPI_THREAD_FUNNELED).
/// MPI's errors are returned rather than fatal, SIGPIPE is ignored, and the process is killed when
/// its parent, Hydra's proxy, dies: no rank outlives its job.
///
/// Thread safety: none; lives on the MPI thread.
/// Errors: the constructor throws std::runtime_error when MPI cannot give what is needed.
class Environment {
 public:
  Environment(int& argument_count, char**& arguments);

  /// For jobs whose worker processes may die and be followed by others under the same ranks; then
  /// all ranks use this. This process is the incarnation `epoch` of its rank, from 1. Beyond 1 it
  /// joins alone: no call that all ranks must make together is possible in such a job.
  /// Requires of the environment: UCX_TLS=tcp,self and MPIR_CVAR_NOLOCAL=1. Throws, saying what is
  /// missing, where rebirth_support() finds something.
  Environment(int& argument_count, char**& arguments, std::uint32_t epoch);

  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  [[nodiscard]] int rank() const noexcept { return rank_; }

  [[nodiscard]] int size() const noexcept { return size_; }

  /// Where this process can be reached, in opaque bytes: for MpiTransport::reconnect() on rank 0,
  /// when this one has taken over a worker's rank. Empty if processes cannot be replaced.
  [[nodiscard]] std::string address() const;

  /// Every process of the job in order of rank on rank 0, nothing elsewhere. To be called by all
  /// ranks together, at start-up only: a collective call hangs once a rank is missing.
  [[nodiscard]] std::vector<Process> gather_processes() const;

  /// Ends MPI. To be called by all ranks together, with no request active.
  void finalize();

  /// Ends the process at once, without MPI_Finalize, which would wait for ever for a missing rank.
  [[noreturn]] static void leave(int exit_status) noexcept;

 private:
  void initialise(int& argument_count, char**& arguments);

  int rank_ = 0;
  int size_ = 0;
};

/// Whether processes can be replaced with this MPI, after it was initialised for that, and why not.
struct RebirthSupport {
  std::string obstacle;  ///< Empty if there is none.

  explicit operator bool() const noexcept { return obstacle.empty(); }
};

/// What is done to replace processes rests on how this very version of MPICH uses UCX: see
/// UcxWorker. So others are refused. Requires: MPI is initialised.
[[nodiscard]] RebirthSupport rebirth_support();

/// Sets what UCX has to know, in the environment and before MPI is initialised, where processes may
/// die: what the user has set stays. UCX 1.13 counts a send without a copy twice when its
/// connection breaks at the wrong moment, and aborts; so all messages are sent from UCX's own
/// buffers.
void prepare_for_deaths() noexcept;

/// Whether this process was started by an MPI launcher, so that MPI_Init will find its job.
/// May be called before MPI is initialised.
[[nodiscard]] bool started_by_launcher() noexcept;

/// The rank that the launcher gave this process; 0 if it did not say. May be called before MPI is
/// initialised.
[[nodiscard]] int rank_from_launcher() noexcept;

}  // namespace pkv::mpi
