#pragma once

#include "pkv/log.hpp"
#include "pkv/server.hpp"
#include "pkv/worker_process.hpp"

#include "mpi/environment.hpp"
#include "mpi/mpi_transport.hpp"
#include "pkv_server/control_server.hpp"
#include "pkv_server/cpu_sharing.hpp"
#include "pkv_server/data_folder.hpp"
#include "pkv_server/options.hpp"
#include "pkv_server/port_file.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace pkv::server {

/// The side of rank 0 that faces the clients, on its own thread.
///
/// Thread safety: none; lives on the thread that constructed it, beside its own.
/// Lifetime: ends when its thread has been joined, which its destructor does. `io` and `transport`
/// must outlive it.
/// Errors: the constructor throws boost::system::system_error when it cannot listen and
/// std::exception when the port file cannot be written.
class Front {
 public:
  /// Listens, but answers nobody before start(). Requires: nobody runs `io`. `control` is there
  /// where worker processes that die are replaced, `folder` where entries are in files; both must
  /// outlive it.
  Front(boost::asio::io_context& io, const Options& options,
        const std::vector<mpi::Process>& processes, mpi::MpiTransport& transport,
        ControlServer* control, DataFolder* folder, LogSink log);
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  [[nodiscard]] std::string endpoint() const { return server_.endpoint(); }

  /// Tells the server what becomes of the workers' processes, which are `workers` so far, from here
  /// on. To be called before start().
  void follow(ControlServer& control, const std::vector<WorkerReady>& workers);

  /// `on_ready` is called when clients are served: here, or later by the other thread.
  void start(std::function<void()> on_ready);

  /// To be called when MPI is no longer in use; nothing is left that the deadline could cut short.
  void end();

  /// After end(): whether all that was ordered has been done, by all nodes that were there.
  [[nodiscard]] bool has_finished_all() const noexcept { return finished_all_; }

  /// After end(): why the server could not be made ready, if that is why the job ends. It has been
  /// logged.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

  /// For the ways out of the process that run no destructors.
  [[noreturn]] void leave(const std::string& why) noexcept;

 private:
  void run() noexcept;
  void await_signal();
  void stop();
  void on_ready(const WorkerReady& ready);
  void replace_unfit(ControlServer& control, const std::vector<WorkerReady>& workers);
  void on_restored(const std::string& failure);
  void fail(const std::string& why);
  void note_equal_copies();
  void note_whole(std::size_t worker, std::optional<std::uint64_t> lost_at,
                  std::uint64_t settled_until);
  void note_trust(const std::map<std::size_t, std::uint64_t>& lost_at, std::uint64_t settled_until);
  [[nodiscard]] bool note_ring(const RingNote& ring);

  LogSink log_;
  std::function<void()> on_ready_;
  mpi::MpiTransport& transport_;
  boost::asio::io_context& io_;
  DataFolder* data_;
  Server server_;
  std::string port_file_path_;
  bool is_restored_;  // or there is nothing to restore
  std::optional<PortFile> port_file_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer deadline_;
  CpuSharing cpu_sharing_;
  std::vector<mpi::Process> processes_;
  bool shares_cpus_;
  bool fills_workers_;  // from replicas
  bool stopping_ = false;
  bool finished_all_ = false;
  std::string failure_;
  std::jthread thread_;
};

/// How long the workers may take to answer what is under way when the server stops.
inline constexpr std::chrono::milliseconds worker_patience{500};

}  // namespace pkv::server
