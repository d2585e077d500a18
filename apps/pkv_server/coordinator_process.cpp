#include "pkv_server/coordinator_process.hpp"

#include "mpi/keeper_link.hpp"
#include "mpi/mpi_transport.hpp"
#include "pkv_server/control_server.hpp"
#include "pkv_server/data_folder.hpp"
#include "pkv_server/data_spread.hpp"
#include "pkv_server/front.hpp"
#include "pkv_server/hydra_job.hpp"
#include "pkv_server/log.hpp"
#include "pkv_server/machine.hpp"
#include "pkv_server/rank0_word.hpp"
#include "pkv_server/worker_muster.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;

/// For all processes of the job to be started and in MPI.
constexpr auto start_patience = 60s;
constexpr auto publish_patience = 10s;
/// For the keepers to go when they are told; it takes milliseconds, or 0.2 s with a worker that has
/// to be killed.
constexpr auto leaving_patience = 700ms;

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

/// Opens the folder of a store that lasts.
void open_data(std::optional<DataFolder>& data, const Options& options,
               const std::vector<mpi::Process>& processes) {
  if (options.engine == Engine::memory) return;
  for (const mpi::Process& process : processes)
    if (process.host != host_name())
      throw std::runtime_error("with --engine sqlite all ranks have to be on one machine: rank " +
                               std::to_string(process.rank) + " is on " + process.host);
  data.emplace(options, processes.size() - 1);
  data->settle();
}

/// Notes that the store was left in good order, if it was.
void leave_data(std::optional<DataFolder>& data, const Front& front, const LogSink& log) {
  if (!data || !front.has_finished_all()) return;
  try {
    data->leave();
  } catch (const std::exception& error) {
    log(LogLevel::warning, error.what());
  }
}

/// Opens what faces the clients. If that fails, `front` stays empty and `why_not` says why.
void open_front(std::optional<Front>& front, std::optional<DataFolder>& data,
                boost::asio::io_context& io, const Options& options,
                const std::vector<mpi::Process>& processes, mpi::MpiTransport& transport,
                ControlServer* control, LogSink& log, std::string& why_not) {
  try {
    log = open_log(options, 0);
    check_weights(options, processes.size() - 1 - options.spares);
    open_data(data, options, processes);
    front.emplace(io, options, processes, transport, control, data ? &*data : nullptr, log);
  } catch (const boost::system::system_error& error) {
    why_not = why_not_listening(options, error);
  } catch (const std::exception& error) {
    why_not = error.what();
  }
}

void announce(const std::string& endpoint, std::size_t workers) {
  std::printf("pkv_server is ready on %s with %zu worker%s\n", endpoint.c_str(), workers,
              workers == 1 ? "" : "s");
  std::fflush(stdout);
  tell_launcher(Rank0Word::ready);
}

/// Sends the workers home after a start that failed, so that the job ends without Hydra's complaint
/// about ranks that died.
void dismiss_workers(mpi::MpiTransport& transport) {
  transport.stop(worker_patience);
  if (!transport.run()) mpi::Environment::leave(1);
}

/// What the workers' keepers said, in the form that MPI would give it.
std::vector<mpi::Process> processes_of(const std::vector<WorkerReady>& workers) {
  std::vector<mpi::Process> processes{{0, getpid(), host_name()}};
  for (const WorkerReady& worker : workers)
    processes.push_back(
        {static_cast<int>(worker.worker) + 1, worker.process_id, worker.host, worker.epoch});
  return processes;
}

void connect_to(const std::vector<WorkerReady>& workers, mpi::MpiTransport& transport) {
  for (const WorkerReady& worker : workers)
    transport.reconnect(worker.worker, worker.epoch, worker.address);
  transport.flush();
}

ControlServer::Settings control_settings(const Options& options, const HydraJob& job) {
  const auto beats = options.heartbeat_limit / ControlServer::tick_interval;
  ControlServer::Settings settings;
  settings.workers = static_cast<std::size_t>(job.ranks - 1);
  settings.one_host = job.one_host;
  settings.patience.ticks = static_cast<unsigned>(beats);
  // To start takes longer than to answer, above all if all do it at once.
  settings.patience.ticks_at_start = 10 * settings.patience.ticks;
  settings.patience.idle_beats = std::max(settings.patience.ticks, settings.patience.idle_beats);
  return settings;
}

/// Says what is done about lost workers, where they are not started again.
void tell_if_lost_for_good(const Options& options, const mpi::Environment& environment,
                           const LogSink& log) {
  const std::string& why = environment.why_not_replaceable();
  if (why.empty()) return;
  const std::string instead =
      "spare ones take their places, of which there are now " + std::to_string(options.spares);
  if (options.restarts_workers())
    log(LogLevel::warning, "lost workers cannot be started again: " + why + "; " + instead);
  else
    log(LogLevel::info, "lost workers are not started again: " + instead);
}

/// The end of rank 0 in a job whose workers may be missing: without MPI_Finalize, which would wait
/// for them.
[[noreturn]] void leave_job(ControlServer& control, mpi::KeeperLink& keeper, int exit_status) {
  keeper.say_leave(control.leave_all(leaving_patience));
  mpi::Environment::leave(exit_status);
}

}  // namespace

int run_coordinator(const Options& options, mpi::Environment& environment,
                    const std::vector<mpi::Process>& processes) {
  const std::size_t workers = processes.size() - 1;
  LogSink log;
  mpi::MpiTransport transport(
      workers, options.transport,
      [&log](LogLevel level, std::string_view line) { log ? log(level, line) : void(); });
  boost::asio::io_context io{1};
  std::optional<DataFolder> data;
  std::optional<Front> front;
  std::string why_not;
  open_front(front, data, io, options, processes, transport, nullptr, log, why_not);
  if (!front) {
    std::fprintf(stderr, "pkv_server: %s\n", why_not.c_str());
    dismiss_workers(transport);
    environment.finalize();
    return 1;
  }

  front->start([&] { announce(front->endpoint(), workers - options.spares); });
  try {
    if (!transport.run()) front->leave("a worker did not answer: leaving without it");
    environment.finalize();
  } catch (const std::exception& error) {
    front->leave(std::string("the traffic with the workers broke down: ") + error.what());
  }
  front->end();
  if (!front->failure().empty()) return 1;
  leave_data(data, *front, log);
  log(LogLevel::info, "stopped");
  tell_launcher(Rank0Word::done);
  return 0;
}

void run_lasting_coordinator(const Options& options, int argument_count, char** arguments) {
  const HydraJob job = hydra_job();
  mpi::KeeperLink keeper;
  boost::asio::io_context io{1};
  ControlServer control(io, control_settings(options, job));
  WorkerMuster muster(io, control, static_cast<std::size_t>(job.ranks - 1), start_patience);
  if (!keeper.publish(control.endpoint(), publish_patience))
    throw std::runtime_error("cannot tell the other ranks where to find this one");
  const mpi::Environment environment(
      argument_count, arguments,
      options.restarts_workers() ? mpi::Rebirth::wanted : mpi::Rebirth::unwanted);
  const std::vector<WorkerReady> workers = muster.wait();
  if (!environment.why_not_replaceable().empty()) control.expect_no_returns();

  LogSink log;
  mpi::MpiTransport transport(
      workers.size(), options.transport,
      [&log](LogLevel level, std::string_view line) { log ? log(level, line) : void(); });
  if (environment.why_not_replaceable().empty()) connect_to(workers, transport);
  std::optional<DataFolder> data;
  std::optional<Front> front;
  std::string why_not;
  open_front(front, data, io, options, processes_of(workers), transport, &control, log, why_not);
  if (!front) {
    std::fprintf(stderr, "pkv_server: %s\n", why_not.c_str());
    transport.stop(worker_patience);
    static_cast<void>(transport.run());  // so that they do not complain of a rank 0 that is gone
    leave_job(control, keeper, 1);
  }
  tell_if_lost_for_good(options, environment, log);
  front->follow(control, workers);
  front->start([&] { announce(front->endpoint(), workers.size() - options.spares); });
  try {
    static_cast<void>(transport.run());  // whether MPI could be finalized is of no interest here
    if (!transport.ended_in_order())
      log(LogLevel::warning, "a worker did not answer: leaving without it");
  } catch (const std::exception& error) {
    front->leave(std::string("the traffic with the workers broke down: ") + error.what());
  }
  front->end();
  if (!front->failure().empty()) {
    if (!transport.ended_in_order()) tell_launcher_why(front->failure());  // more was said since
    leave_job(control, keeper, 1);
  }
  if (transport.ended_in_order()) leave_data(data, *front, log);
  log(LogLevel::info, "stopped");
  tell_launcher(Rank0Word::done);
  leave_job(control, keeper, 0);
}

}  // namespace pkv::server
