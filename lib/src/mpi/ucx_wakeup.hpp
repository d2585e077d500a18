#pragma once

namespace pkv::mpi {

/// Lets a rank sleep until UCX, the layer below MPICH, has something to do.
///
/// UCX can wake a sleeper through a file descriptor, but MPICH does not ask for that feature. This
/// file's source therefore defines ucp_init_version and ucp_worker_create in the executable, in
/// front of the library's: the first adds UCP_FEATURE_WAKEUP to what MPICH asks for, the second
/// remembers the worker that MPICH creates; both then call the real function. It works because
/// MPICH calls UCX through the dynamic symbol table, and does nothing where MPICH runs on something
/// else.
///
/// Thread safety: none; use it on the MPI thread. Arming races with MPI calls on other threads.
class UcxWakeup {
 public:
  /// The descriptor that becomes readable, or -1 where sleeping is not possible: MPI not
  /// initialised, not on UCX, or with several UCX workers.
  [[nodiscard]] static int descriptor() noexcept;

  /// Asks for a wake-up. False if something has happened since the last MPI call: test again.
  [[nodiscard]] static bool arm() noexcept;
};

}  // namespace pkv::mpi
