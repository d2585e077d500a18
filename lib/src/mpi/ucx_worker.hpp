#pragma once

namespace pkv::mpi {

/// What pkv needs of UCX, the layer below MPICH, and MPICH does not pass on.
///
/// UCX can wake a sleeper through a file descriptor, but MPICH does not ask for that feature. This
/// header's source therefore defines three functions of UCX in the executable, in front of the
/// library's. It works because MPICH calls UCX through the dynamic symbol table, and does nothing
/// where MPICH runs on something else.
///   ucp_init_version   adds UCP_FEATURE_WAKEUP to the features that MPICH asks for;
///   ucp_worker_create  remembers the worker that MPICH creates;
///   ucp_disconnect_nb  leaves connections open until MPI_Finalize destroys the worker. Closing one
///                      properly needs the peer's help, also where two ranks never spoke; over TCP
///                      a peer that is a little further in MPI_Finalize gives none, and it hangs.
///
/// Thread safety: none; use it on the MPI thread. Arming races with MPI calls on other threads.
class UcxWorker {
 public:
  /// The descriptor that becomes readable, or -1 where sleeping is not possible: MPI not
  /// initialised, not on UCX, or with several UCX workers.
  [[nodiscard]] static int wakeup_descriptor() noexcept;

  /// Asks for a wake-up. False if something has happened since the last MPI call: test again.
  [[nodiscard]] static bool arm() noexcept;
};

}  // namespace pkv::mpi
