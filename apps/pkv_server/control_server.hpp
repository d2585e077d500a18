#pragma once

#include "pkv/worker_process.hpp"

#include "pkv_server/control_session.hpp"
#include "pkv_server/worker_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pkv::server {

/// Rank 0's end of the connections to the workers' keepers: knows which process does the work of
/// each worker, and notices when one no longer does.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: `io` must outlive it, and not run any more when it is destroyed.
/// Errors: the constructor throws boost::system::system_error when it cannot listen. Later, what
/// fails is a connection, and its keeper makes another.
class ControlServer {
 public:
  struct Settings {
    std::size_t workers = 0;
    bool one_host = true;  ///< All keepers are on this machine, and nobody else need be heard.
    WorkerWatch::Patience patience;
  };

  /// How often silence is looked for: once per beat of a worker.
  static constexpr std::chrono::milliseconds tick_interval{100};

  ControlServer(boost::asio::io_context& io, Settings settings);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// What the keepers must know to find it, as one word.
  [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }

  /// Called with each process that gets ready, once; and with each that was ready and is lost,
  /// before the next one of its worker gets ready. They are handlers of their own in the event
  /// loop: what happens while it is stopped is told when it runs again.
  void on_ready(std::function<void(const WorkerReady&)> call) { on_ready_ = std::move(call); }
  void on_lost(std::function<void(const WorkerLost&)> call) { on_lost_ = std::move(call); }

  /// Gives up this process, and those before it: the keeper kills it, if it is not dead yet, and
  /// starts the next one. If the keeper cannot be reached, it is told when it can.
  void replace(std::size_t worker, std::uint32_t epoch);

  /// Has the worker's process killed, as if it died. No effect if its keeper cannot be reached.
  void kill(std::size_t worker);

  /// Tells all keepers that the job ends: their processes are killed if they do not end by
  /// themselves, and no others are started. Runs the event loop, which nobody else may do any more,
  /// until they have gone. Returns false if some cannot be told, or are still there when `patience`
  /// has passed.
  [[nodiscard]] bool leave_all(std::chrono::milliseconds patience);

  /// The workers without a process that is ready.
  [[nodiscard]] std::vector<std::size_t> unheard_workers() const;

 private:
  using Session = std::shared_ptr<ControlSession>;

  struct Worker {
    explicit Worker(WorkerWatch::Patience patience) : watch(patience) {}

    WorkerWatch watch;
    Session session;                    // with its keeper, if there is a connection
    std::int64_t process_id = 0;        // of the newest process
    std::uint32_t restart_ordered = 0;  // epoch, to be ordered again if the connection was cut
    bool told_to_leave = false;
  };

  void accept();
  void open_session(boost::asio::ip::tcp::socket socket);
  void on_report(const Session& session, const mpi::control::Report& report);
  void on_end(const Session& session);

  void report(std::size_t worker, const Session& session, const mpi::control::Hello& hello);
  void report(std::size_t worker, const Session& session, const mpi::control::Started& started);
  void report(std::size_t worker, const Session& session, const mpi::control::Ready& ready);
  void report(std::size_t worker, const Session& session, const mpi::control::Beat& beat);
  void report(std::size_t worker, const Session& session, const mpi::control::Dead& dead);
  void conclude(std::size_t worker, const WorkerWatch::Finding& finding);
  void order_restart(Worker& worker, std::uint32_t epoch);
  void order_leave(Worker& worker);
  [[nodiscard]] bool all_have_left() const;

  void watch();

  boost::asio::io_context& io_;
  Settings settings_;
  const std::string token_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer ticks_;
  boost::asio::steady_timer accept_pause_;
  std::string endpoint_;
  std::function<void(const WorkerReady&)> on_ready_;
  std::function<void(const WorkerLost&)> on_lost_;
  std::vector<Worker> workers_;
  std::set<Session> sessions_;
  bool leaving_ = false;
};

}  // namespace pkv::server
