#pragma once

#include "pkv/log.hpp"

#include "mpi/environment.hpp"
#include "pkv_server/cpu_clocks.hpp"
#include "pkv_server/cpu_policy.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace pkv::server {

/// Makes the processes of this host share its CPUs well, when they outnumber them (CpuPolicy):
/// they are gathered on one or spread over all, several times a second, and a worker or MPI thread
/// that wakes up lets the running one finish its turn (SCHED_BATCH) - which makes larger batches.
/// Where there are CPUs enough, or a launcher has bound the ranks, nothing is touched.
///
/// Thread safety: none; lives on the I/O thread, which it gathers too.
/// Lifetime: `io` must outlive it; what it has set stays, so let it live as long as the server.
/// Errors: none. What the system refuses is left as it is.
class CpuSharing {
 public:
  /// `work_done` says how much work the server has done so far; called on the I/O thread.
  CpuSharing(boost::asio::io_context& io, std::function<std::uint64_t()> work_done, LogSink log)
      : timer_(io), work_done_(std::move(work_done)), log_(std::move(log)) {}

  /// Call it on the I/O thread, and again when a process has been replaced.
  void start(const std::vector<mpi::Process>& processes);

 private:
  void watch();
  void look();
  void apply(std::optional<std::size_t> gathered_on) const;

  boost::asio::steady_timer timer_;
  std::function<std::uint64_t()> work_done_;
  LogSink log_;
  std::vector<pid_t> threads_;  // the main threads of this host's processes, rank 0's first
  std::vector<int> cpus_;       // that we may use
  std::optional<CpuClocks> clocks_;
  CpuPolicy policy_;
  std::optional<std::size_t> gathered_on_;
  bool busy_ = true;
};

}  // namespace pkv::server
