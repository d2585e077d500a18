#include "pkv_server/coordinator_process.hpp"

#include "pkv/server.hpp"

#include "mpi/mpi_transport.hpp"
#include "pkv_server/cpu_sharing.hpp"
#include "pkv_server/log.hpp"
#include "pkv_server/port_file.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <thread>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;

// A stop is over within two seconds, whatever clients and workers do.
constexpr auto client_patience = 700ms;
constexpr auto worker_patience = 500ms;
constexpr auto stop_deadline = 1500ms;

ServerOptions server_options(const Options& options, const std::vector<mpi::Process>& processes,
                             const LogSink& log) {
  ServerOptions server;
  server.bind_address = options.bind_address;
  server.port = options.port;
  server.ring = options.ring;
  server.limits = options.limits;
  server.log = log;
  for (const mpi::Process& process : processes) {
    if (process.rank == 0) continue;
    ServerNode node;
    node.id = NodeId{static_cast<std::uint32_t>(process.rank)};
    node.rank = process.rank;
    node.host = process.host;
    node.process_id = process.process_id;
    server.nodes.push_back(std::move(node));
  }
  return server;
}

/// In words that say what to do.
std::string why_not_listening(const Options& options, const boost::system::system_error& error) {
  namespace errors = boost::asio::error;
  const std::string port = std::to_string(options.port);
  if (error.code() == errors::address_in_use)
    return "port " + port + " on " + options.bind_address +
           " is taken by another process: choose another with --port, or 0 for any free one";
  if (error.code() == errors::access_denied)
    return "no permission to listen on port " + port + ": choose one above 1023 with --port";
  if (error.code() == boost::system::errc::address_not_available)
    return options.bind_address + " is not an address of this machine: choose another with --bind";
  if (error.code() == errors::invalid_argument)
    return options.bind_address + " is not an IP address: choose another with --bind";
  return "cannot listen on port " + port + " of " + options.bind_address + ": " +
         error.code().message();
}

/// The side of rank 0 that faces the clients, on its own thread.
///
/// Lifetime: ends when its thread has been joined, which its destructor does.
class Front {
 public:
  /// Listens, but answers nobody before start().
  Front(const Options& options, const std::vector<mpi::Process>& processes,
        mpi::MpiTransport& transport, LogSink log)
      : log_(std::move(log)),
        transport_(transport),
        server_(io_, server_options(options, processes, log_), transport),
        port_file_(options.port_file, server_.port()),
        signals_(io_, SIGINT, SIGTERM),
        deadline_(io_),
        cpu_sharing_(
            io_, [this] { return transport_.operations_sent(); }, log_),
        processes_(processes),
        shares_cpus_(options.scheduling == Scheduling::automatic) {
    await_signal();
  }

  [[nodiscard]] std::string endpoint() const { return server_.endpoint(); }

  void start() {
    thread_ = std::jthread([this] { run(); });
  }

  /// To be called when MPI is no longer in use; nothing is left that the deadline could cut short.
  void end() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  /// For the ways out of the process that run no destructors.
  [[noreturn]] void leave(const std::string& why) noexcept {
    log_(LogLevel::error, why);
    port_file_.remove();
    mpi::Environment::leave(1);
  }

 private:
  void run() noexcept {
    pthread_setname_np(pthread_self(), "pkv io");  // for top -H, perf and debuggers
    accept_signals();
    try {
      if (shares_cpus_) cpu_sharing_.start(processes_);
      const auto keep_running = boost::asio::make_work_guard(io_);
      io_.run();
    } catch (const std::exception& error) {
      leave(std::string("the front end failed: ") + error.what());
    }
  }

  /// They have waited since the process started, see main.
  static void accept_signals() noexcept {
    sigset_t accepted;
    sigemptyset(&accepted);
    sigaddset(&accepted, SIGINT);
    sigaddset(&accepted, SIGTERM);
    pthread_sigmask(SIG_UNBLOCK, &accepted, nullptr);
  }

  void await_signal() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (!stopping_) {
        stop();
      } else if (signal == SIGINT) {
        leave("interrupted again: leaving at once");
      }
      await_signal();
    });
  }

  void stop() {
    stopping_ = true;
    log_(LogLevel::info, "stopping");
    deadline_.expires_after(stop_deadline);
    deadline_.async_wait([this](boost::system::error_code error) {
      if (!error) leave("stopping took too long: leaving with work undone");
    });
    port_file_.remove();
    server_.stop(client_patience, [this] { transport_.stop(worker_patience); });
  }

  LogSink log_;
  mpi::MpiTransport& transport_;
  boost::asio::io_context io_{1};
  Server server_;
  PortFile port_file_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer deadline_;
  CpuSharing cpu_sharing_;
  std::vector<mpi::Process> processes_;
  bool shares_cpus_;
  bool stopping_ = false;
  std::jthread thread_;
};

/// Sends the workers home after a start that failed, so that the job ends without Hydra's complaint
/// about ranks that died.
int give_up(const std::string& why, mpi::MpiTransport& transport, mpi::Environment& environment) {
  std::fprintf(stderr, "pkv_server: %s\n", why.c_str());
  transport.stop(worker_patience);
  if (!transport.run()) mpi::Environment::leave(1);
  environment.finalize();
  return 1;
}

void announce(const std::string& endpoint, std::size_t workers) {
  std::printf("pkv_server is ready on %s with %zu worker%s\n", endpoint.c_str(), workers,
              workers == 1 ? "" : "s");
  std::fflush(stdout);
}

}  // namespace

int run_coordinator(const Options& options, mpi::Environment& environment,
                    const std::vector<mpi::Process>& processes) {
  const std::size_t workers = processes.size() - 1;
  LogSink log;
  mpi::MpiTransport transport(
      workers, options.transport,
      [&log](LogLevel level, std::string_view line) { log ? log(level, line) : void(); });
  std::optional<Front> front;
  try {
    log = open_log(options, environment.rank());
    front.emplace(options, processes, transport, log);
  } catch (const boost::system::system_error& error) {
    return give_up(why_not_listening(options, error), transport, environment);
  } catch (const std::exception& error) {
    return give_up(error.what(), transport, environment);
  }

  front->start();
  announce(front->endpoint(), workers);
  try {
    if (!transport.run()) front->leave("a worker did not answer: leaving without it");
    environment.finalize();
  } catch (const std::exception& error) {
    front->leave(std::string("the traffic with the workers broke down: ") + error.what());
  }
  front->end();
  log(LogLevel::info, "stopped");
  return 0;
}

}  // namespace pkv::server
