#pragma once

#include "pkv/server.hpp"

#include "coordinator/coordinator.hpp"
#include "coordinator/service.hpp"
#include "coordinator/snapshot_restore.hpp"
#include "net/server/input_budget.hpp"
#include "net/server/session.hpp"
#include "worker/loopback_transport.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace pkv {

/// "127.0.0.1:6379" or "[::1]:6379".
[[nodiscard]] std::string to_text(const boost::asio::ip::tcp::endpoint& endpoint);

/// What a Server consists of: the listening socket, the sessions, the coordinator, and the turns of
/// the event loop that drive it.
///
///     readable sockets -> sessions -> Coordinator::append ... -> end_turn -> Transport
///     Transport -> on_arrivals -> Coordinator::collect -> conversations -> sessions -> sockets
///
/// Its handlers hold it weakly, and `stopped` waits for its coroutine and the sessions, so that it
/// may be destroyed then although the io_context runs on.
///
/// Thread safety: none; lives on the I/O thread.
class Server::State : public std::enable_shared_from_this<Server::State> {
 public:
  State(boost::asio::io_context& io, ServerOptions options, wire::Transport& transport);
  State(boost::asio::io_context& io, ServerOptions options,
        std::unique_ptr<LoopbackTransport> transport);

  void start();
  void stop(std::chrono::milliseconds patience, std::function<void()> stopped);
  void worker_ready(WorkerReady ready);
  void worker_lost(const WorkerLost& lost);
  [[nodiscard]] bool owes_answers(std::size_t worker) const noexcept {
    return !coordinator_.is_quiet(worker);
  }
  void even_out_copies(std::span<const std::size_t> least_trusted_first,
                       std::function<void()> done);
  [[nodiscard]] bool idle() const noexcept { return coordinator_.idle(); }
  /// Stops listening, at once.
  void close();
  /// Lets go of the sessions that are left, whose coroutines will not run any more.
  void abandon_sessions() noexcept;

  [[nodiscard]] boost::asio::ip::tcp::endpoint endpoint() const noexcept { return endpoint_; }

 private:
  using Socket = boost::asio::ip::tcp::socket;

  void remove_leftovers();
  void restore();
  void accept();
  boost::asio::awaitable<void> accept_clients();
  void admit(Socket socket);
  void refuse(Socket socket);
  void remove(std::uint64_t session);
  void on_arrivals();
  void end_turn();

  // server_state_timers.cpp
  template <class Step>
  void call_after(boost::asio::steady_timer& timer, Step step);
  void tell_owners();
  void watch_deadlines();
  [[nodiscard]] bool needs_turns() const noexcept;
  void watch_cluster();
  void watch_service();
  void watch_expiry();
  void stop_watching();

  void cut_sessions();
  void check_if_stopped();
  void log(LogLevel level, const std::string& line) const;

  boost::asio::io_context& io_;
  wire::Transport& transport_;
  ServerOptions options_;
  std::unique_ptr<LoopbackTransport> own_transport_;
  Coordinator coordinator_;
  Cluster cluster_;
  Service service_;
  std::optional<SnapshotRestore> restore_;  // until the store can be served
  InputBudget budget_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::endpoint endpoint_;
  boost::asio::steady_timer accept_pause_;
  boost::asio::steady_timer reply_timer_;
  boost::asio::steady_timer deadline_timer_;
  boost::asio::steady_timer cluster_timer_;
  boost::asio::steady_timer service_timer_;
  boost::asio::steady_timer expiry_timer_;
  boost::asio::steady_timer stop_timer_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Session>> sessions_;
  std::uint64_t last_session_ = 0;
  bool accepting_ = false;
  bool watching_replies_ = false;
  bool watching_deadlines_ = false;
  bool watching_cluster_ = false;
  std::optional<DiskWaits::Clock::time_point> service_deadline_;  // that service_timer_ waits for
  std::optional<Expirer::Clock::time_point> expiry_step_;         // that expiry_timer_ waits for
  std::function<void()> stopped_;
  bool over_ = false;  ///< It has stopped: what is under way ends, and nothing else is begun.
};

}  // namespace pkv
