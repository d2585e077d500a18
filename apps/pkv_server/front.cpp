#include "pkv_server/front.hpp"

#include "wire/tags.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <pthread.h>
#include <utility>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;

// A stop is over within two seconds, whatever clients and workers do.
constexpr auto client_patience = 700ms;
constexpr auto stop_deadline = 1500ms;

ServerOptions server_options(const Options& options, const std::vector<mpi::Process>& processes,
                             ControlServer* control, const LogSink& log) {
  ServerOptions server;
  server.bind_address = options.bind_address;
  server.port = options.port;
  server.ring = options.ring;
  server.limits = options.limits;
  server.replicas = options.replicas;
  server.spares = options.spares;
  server.copy_limit = options.copy_limit;
  server.log = log;
  if (control != nullptr) {
    server.replace_worker = [control](std::size_t worker, std::uint32_t epoch) {
      control->replace(worker, epoch);
    };
    if (options.debug_commands)
      server.kill_worker = [control](std::size_t worker) { control->kill(worker); };
  }
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

/// They have waited since the process started, see main.
void accept_signals() noexcept {
  sigset_t accepted;
  sigemptyset(&accepted);
  sigaddset(&accepted, SIGINT);
  sigaddset(&accepted, SIGTERM);
  pthread_sigmask(SIG_UNBLOCK, &accepted, nullptr);
}

}  // namespace

Front::Front(boost::asio::io_context& io, const Options& options,
             const std::vector<mpi::Process>& processes, mpi::MpiTransport& transport,
             ControlServer* control, LogSink log)
    : log_(std::move(log)),
      transport_(transport),
      io_(io),
      server_(io_, server_options(options, processes, control, log_), transport),
      port_file_(options.port_file, server_.port()),
      signals_(io_, SIGINT, SIGTERM),
      deadline_(io_),
      cpu_sharing_(
          io_, [this] { return transport_.operations_sent(); }, log_),
      processes_(processes),
      shares_cpus_(options.scheduling == Scheduling::automatic) {
  await_signal();
}

void Front::start() {
  thread_ = std::jthread([this] { run(); });
}

void Front::end() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
  deadline_.cancel();  // whoever runs the event loop now does not serve clients
}

void Front::leave(const std::string& why) noexcept {
  log_(LogLevel::error, why);
  port_file_.remove();
  mpi::Environment::leave(1);
}

void Front::follow(ControlServer& control, const std::vector<WorkerReady>& workers) {
  for (const WorkerReady& ready : workers) {
    if (ready.epoch == wire::first_epoch) continue;
    boost::asio::post(io_, [this, ready] {
      server_.worker_lost({ready.worker, ready.epoch - 1, "it died while the job started", true});
      on_ready(ready);
    });
  }
  control.on_ready([this](const WorkerReady& ready) { on_ready(ready); });
  control.on_lost([this](const WorkerLost& lost) { server_.worker_lost(lost); });
}

void Front::on_ready(const WorkerReady& ready) {
  mpi::Process& process = processes_[ready.worker + 1];
  process.process_id = ready.process_id;
  process.host = ready.host;
  if (shares_cpus_) cpu_sharing_.start(processes_);
  server_.worker_ready(ready);
}

void Front::run() noexcept {
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

void Front::await_signal() {
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

void Front::stop() {
  stopping_ = true;
  log_(LogLevel::info, "stopping");
  deadline_.expires_after(stop_deadline);
  deadline_.async_wait([this](boost::system::error_code error) {
    if (!error) leave("stopping took too long: leaving with work undone");
  });
  port_file_.remove();
  server_.stop(client_patience, [this] { transport_.stop(worker_patience); });
}

}  // namespace pkv::server
