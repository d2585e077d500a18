#include "pkv_server/front.hpp"

#include "pkv_server/rank0_word.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <filesystem>
#include <pthread.h>
#include <utility>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;

// A stop is over within two seconds, whatever clients and workers do.
constexpr auto client_patience = 700ms;
constexpr auto stop_deadline = 1500ms;

ServerOptions server_options(const Options& options, const std::vector<mpi::Process>& processes,
                             ControlServer* control, const DataFolder* folder, const LogSink& log,
                             decltype(ServerOptions::note_whole) note_whole,
                             decltype(ServerOptions::note_trust) note_trust,
                             decltype(ServerOptions::note_ring) note_ring,
                             decltype(ServerOptions::restored) restored) {
  ServerOptions server;
  server.bind_address = options.bind_address;
  server.port = options.port;
  server.ring = options.ring;
  server.limits = options.limits;
  server.replicas = options.replicas;
  server.spares = options.spares;
  server.copy_limit = options.copy_limit;
  server.max_memory = options.max_memory;
  server.entries_last = options.engine != Engine::memory;
  if (server.entries_last) {
    server.durability = options.durability;
    server.note_whole = std::move(note_whole);
    server.note_trust = std::move(note_trust);
    server.note_ring = std::move(note_ring);
    server.has_leftovers = folder->has_leftovers();
    if (const auto& rewritten = folder->rewritten()) {
      server.entries_rewritten = rewritten->entries;
      server.rewriting_time = rewritten->time;
    }
    server.commands_completed = folder->completed();
  }
  server.snapshot_folder = options.snapshot_folder;
  if (server.entries_last && options.snapshot_folder.empty())
    server.snapshot_folder = std::filesystem::path(options.data_folder) / "snapshots";
  server.restore_folder = options.restore_folder;
  server.restored = std::move(restored);
  server.log = log;
  if (control != nullptr) {
    server.replace_worker = [control](std::size_t worker, std::uint32_t epoch) {
      control->replace(worker, epoch);
    };
    server.workers_return = control->processes_return();
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
    node.epoch = process.epoch;
    if (server.nodes.size() < options.weights.size())
      node.weight = options.weights[server.nodes.size()];
    if (folder != nullptr) {
      node.weight = folder->spread().weight(to_number(node.id));
      node.drained = folder->spread().off.contains(to_number(node.id));
    }
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
             ControlServer* control, DataFolder* folder, LogSink log)
    : log_(std::move(log)),
      transport_(transport),
      io_(io),
      data_(folder),
      server_(
          io_,
          server_options(
              options, processes, control, folder, log_,
              [this](std::size_t worker, std::optional<std::uint64_t> lost_at,
                     std::uint64_t settled_until) { note_whole(worker, lost_at, settled_until); },
              [this](const std::map<std::size_t, std::uint64_t>& lost_at,
                     std::uint64_t settled_until) { note_trust(lost_at, settled_until); },
              [this](const RingNote& ring) { return note_ring(ring); },
              [this](const std::string& failure) { on_restored(failure); }),
          transport),
      port_file_path_(options.port_file),
      is_restored_(options.restore_folder.empty()),
      signals_(io_, SIGINT, SIGTERM),
      deadline_(io_),
      cpu_sharing_(
          io_, [this] { return transport_.operations_sent(); }, log_),
      processes_(processes),
      shares_cpus_(options.scheduling == Scheduling::automatic),
      fills_workers_(options.replicas > 1) {
  if (is_restored_) port_file_.emplace(port_file_path_, server_.port());
  await_signal();
}

void Front::start(std::function<void()> on_ready) {
  on_ready_ = std::move(on_ready);
  // Behind what follow() has said, and before the first client's command.
  if (data_ != nullptr && data_->copies_may_differ())
    boost::asio::post(io_, [this] {
      server_.even_out_copies(data_->stale_workers(), [this] { note_equal_copies(); });
    });
  // If not, it is told by the event loop when it is.
  if (is_restored_) on_ready_();
  thread_ = std::jthread([this] { run(); });
}

void Front::on_restored(const std::string& failure) {
  if (!failure.empty()) return fail("cannot restore the snapshot: " + failure);
  try {
    port_file_.emplace(port_file_path_, server_.port());
  } catch (const std::exception& error) {
    return fail(error.what());
  }
  on_ready_();
}

/// Ends the job in order, so that what is said here is the last that the user sees: mpiexec has
/// much to say of a rank that leaves.
void Front::fail(const std::string& why) {
  log_(LogLevel::error, why);
  failure_ = why;
  boost::asio::post(io_, [this] { stop(); });
}

void Front::end() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
  deadline_.cancel();  // whoever runs the event loop now does not serve clients
}

void Front::leave(const std::string& why) noexcept {
  log_(LogLevel::error, why);
  tell_launcher_why(why);
  if (port_file_) port_file_->remove();
  mpi::Environment::leave(1);
}

void Front::follow(ControlServer& control, const std::vector<WorkerReady>& workers) {
  replace_unfit(control, workers);
  control.judge_by([this](std::size_t worker) { return server_.owes_answers(worker); });
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

/// Has those workers follow on themselves, empty, whose files cannot be relied on. One that follows
/// on another is empty already, but counts as one that has all that it shall have.
void Front::replace_unfit(ControlServer& control, const std::vector<WorkerReady>& workers) {
  if (data_ == nullptr || !fills_workers_) return;
  std::vector<std::size_t> unfit = data_->lost_workers();
  for (const WorkerReady& ready : workers)
    if (ready.epoch > wire::first_epoch) unfit.push_back(ready.worker);
  for (const std::size_t worker : unfit) {
    boost::asio::post(io_, [this, worker, &control, epoch = workers[worker].epoch] {
      server_.worker_lost({worker, epoch, "its file is not up to date", true});
      control.replace(worker, epoch);
    });
  }
}

void Front::note_whole(std::size_t worker, std::optional<std::uint64_t> lost_at,
                       std::uint64_t settled_until) {
  if (stopping_) return;  // they leave, and nothing is written any more
  try {
    data_->note(worker, lost_at, settled_until);
  } catch (const std::exception& error) {
    // To go on would be to serve, some day, from a file that lacks writes.
    leave(error.what());
  }
}

void Front::note_trust(const std::map<std::size_t, std::uint64_t>& lost_at,
                       std::uint64_t settled_until) {
  if (stopping_) return;
  try {
    data_->note(lost_at, settled_until);
  } catch (const std::exception& error) {
    leave(error.what());
  }
}

bool Front::note_ring(const RingNote& ring) {
  if (stopping_) return false;  // the next server goes on from what is noted
  try {
    data_->note(ring);
    return true;
  } catch (const std::exception& error) {
    if (!data_->is_as_noted()) leave(error.what());  // what the next server will find is not known
    log_(LogLevel::error, error.what());
    return false;
  }
}

void Front::note_equal_copies() {
  try {
    data_->note_equal_copies();
  } catch (const std::exception& error) {
    log_(LogLevel::warning, error.what());  // the next server does it again
  }
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
  if (failure_.empty()) log_(LogLevel::info, "stopping");
  stopping_ = true;
  deadline_.expires_after(stop_deadline);
  deadline_.async_wait([this](boost::system::error_code error) {
    if (!error) leave("stopping took too long: leaving with work undone");
  });
  if (port_file_) port_file_->remove();
  server_.stop(client_patience, [this] {
    finished_all_ = server_.idle();
    transport_.stop(worker_patience);
  });
}

}  // namespace pkv::server
