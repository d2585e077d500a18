#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace pkv::mpi {

/// The way from a rank's process to its keeper, over a socket that it inherits.
///
/// Lines of the rank: "control WORD" (rank 0: publish this in the job), "address HEX" (I am in
/// MPI, and this is my UCX address), "beat NUMBER" (I live, and have run so many requests), "leave"
/// (rank 0: this job ends in good order) or "leave alone" (and some of its processes cannot be told
/// of it). The keeper answers "control" with "ok" or "no".
///
/// Thread safety: every function may be called from any thread.
/// Errors: a keeper that does not take what is said is dead, and then so is this process.
class KeeperLink {
 public:
  /// Requires: has_keeper().
  KeeperLink();
  KeeperLink(const KeeperLink&) = delete;
  KeeperLink& operator=(const KeeperLink&) = delete;

  /// Publishes where rank 0 listens for the keepers. To be called before MPI_Init, so that the
  /// other keepers find it when MPI_Init has passed its first barrier. Waits for the keeper's
  /// answer, and returns whether it worked.
  [[nodiscard]] bool publish(const std::string& endpoint, std::chrono::milliseconds patience);

  /// Says that MPI is initialised. `address`: see Transport::reconnect.
  void say_address(std::string_view address) noexcept;

  /// `with_all`: all the other ranks leave, too. Else the process manager is not to wait for them.
  void say_leave(bool with_all) noexcept;

  void say_beat(std::uint64_t progress) noexcept;

 private:
  void say(std::string_view line) noexcept;

  int descriptor_;
};

/// Whether this process was started by a keeper.
[[nodiscard]] bool has_keeper() noexcept;

/// Which process of its rank this is, counted from 1.
[[nodiscard]] std::uint32_t own_epoch() noexcept;

/// Lets the keeper know ten times a second that this process runs: a thread of its own says so, and
/// how much work has been done. It stops when the process does, whatever it is doing.
///
/// Lifetime: `link` and `progress` must outlive it.
class Beat {
 public:
  static constexpr std::chrono::milliseconds interval{100};

  Beat(KeeperLink& link, const std::atomic<std::uint64_t>& progress);
  Beat(const Beat&) = delete;
  Beat& operator=(const Beat&) = delete;

 private:
  void run(const std::stop_token& stop);

  KeeperLink& link_;
  const std::atomic<std::uint64_t>& progress_;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;
};

}  // namespace pkv::mpi
