#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pkv::mpi {

/// What pkv needs of UCX, the layer below MPICH, and MPICH does not pass on: to sleep until a
/// message comes, to hear of a process that died, and to reach the one that takes over its rank.
///
/// This header's source defines functions of UCX in the executable, in front of the library's. It
/// works because MPICH calls UCX through the dynamic symbol table, and does nothing where MPICH
/// runs on something else.
///   ucp_init_version   adds UCP_FEATURE_WAKEUP to the features that MPICH asks for;
///   ucp_worker_create  remembers the worker that MPICH creates;
///   ucp_ep_create      when failures are expected: has UCX report when a peer is gone, and joins
///                      workers with rank 0 only, which is told where they are by others than
///                      MPICH. That connects to the ranks in their order, which tells whose
///                      connection it is;
///   ucp_tag_send_nbx,  send to the process that has the rank now. MPICH knows connections, not
///   ..._sync_nbx       processes; what it receives it matches by rank and tag alone;
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

  /// Before MPI is initialised, on every rank or on none: processes may die, and others take over
  /// their ranks. On rank 0 all others are closed then, until replace_peer() says where they are.
  static void expect_failures(int own_rank) noexcept;

  [[nodiscard]] static bool expects_failures() noexcept;

  /// After MPI is initialised: why other processes cannot take over ranks here, in words; empty if
  /// they can.
  [[nodiscard]] static std::string why_not_replaceable();

  /// Where other processes reach this one; for replace_peer() there. Opaque bytes, a few hundred.
  /// Empty if that is not known.
  [[nodiscard]] static std::string own_address();

  /// A rank whose process cannot be reached any more and that was not reported since it was last
  /// connected to. To be called after progress was made. Costs a comparison if there is none.
  [[nodiscard]] static std::optional<int> next_failed_peer() noexcept;

  /// Ends the connection to the rank's process. Sends under way end soon, as sends that are
  /// started from here on do at once, with failure; what is posted to be received stays posted.
  static void close_peer(int rank) noexcept;

  /// Connects the rank, which must be closed, to the process at `address`. False if that is no
  /// address, or UCX cannot connect. That nobody answers there shows later, as a failed peer.
  [[nodiscard]] static bool replace_peer(int rank, std::string_view address);
};

}  // namespace pkv::mpi
