#pragma once

#include "pkv/log.hpp"

#include "mpi/control_link.hpp"
#include "mpi/line_reader.hpp"
#include "mpi/pmi_relay.hpp"
#include "mpi/rank_process.hpp"
#include "mpi/restart_pause.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pkv::mpi {

struct KeeperSettings {
  RankCommand command;
  int rank = 0;
  std::string host;
  /// The socket to the process manager. The keeper owns it from here on.
  int pmi_descriptor = -1;
  /// A worker's process that dies is started again, unless it has said that it is the last.
  bool restarts = true;
  /// What processes that die at once, one after the other, are kept waiting for at most.
  std::chrono::milliseconds longest_pause{1000};
  /// How long a worker's keeper waits for a connection to rank 0, once it knows where that is.
  std::chrono::milliseconds orphan_limit{300'000};
  LogSink log;
};

/// Holds the place of a rank in the job, so that the process that does the rank's work can die and
/// be started again.
///
/// Hydra ends a job when a process that it has started dies by a signal. What it starts is
/// therefore this: a process that holds Hydra's PMI socket and standard streams, and has the real
/// one as its child. A worker's process that dies is started again, and joins the job under the
/// same rank (PmiRelay); or, where that is not possible, its place stays empty until the job ends.
/// Rank 0 cannot be replaced: when its process dies, its keeper ends with
/// failure, and Hydra the job. The keeper of a worker tells rank 0 about it, and obeys its orders
/// (control_protocol.hpp).
///
/// No process is left behind: a keeper's child dies with it, and a keeper with Hydra's proxy. On a
/// machine that is cut off for good the proxy hears of nothing; there the keepers themselves give
/// up after a while.
///
/// Thread safety: none; it forks, so the process must have no other thread.
/// Lifetime: the destructor kills the child. It changes how the process takes signals for good.
/// Errors: the constructor throws std::system_error. run() throws nothing but std::bad_alloc.
class Keeper {
 public:
  explicit Keeper(KeeperSettings settings);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper();

  /// Keeps the rank until the job ends. Returns the exit status for this process.
  [[nodiscard]] int run();

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] bool is_coordinator() const noexcept { return settings_.rank == 0; }
  void log(LogLevel level, const std::string& text) const;

  void start_child();
  void wait_and_serve();
  [[nodiscard]] int milliseconds_to_wait() const;
  void act_on_time();
  [[nodiscard]] std::optional<Clock::time_point> orphan_deadline() const;

  void serve_signals();
  void serve_upstream();
  void serve_child_pmi();
  void serve_child_link();
  void child_says(const std::string& line);
  void write_out();

  void child_ended(int wait_status);
  void start_again(const std::string& how);
  void stay_alone(const std::string& how);
  void end_with(int exit_status);

  void find_control();
  [[nodiscard]] std::string introduction(const std::string& token) const;
  void obey(const control::Order& order);
  void restart(std::uint32_t epoch);

  const KeeperSettings settings_;
  int signals_ = -1;
  PmiRelay relay_;
  ControlLink control_;
  bool asked_for_control_ = false;

  std::unique_ptr<RankProcess> child_;  // none between two of them
  std::uint32_t epoch_ = 0;             // of the child, or the last one
  Clock::time_point started_at_;
  LineReader child_lines_{control::longest_line_bytes};
  std::optional<std::string> address_;  // once the child is in MPI
  std::string last_end_;                // how the last one ended
  RestartPause pause_;
  std::optional<Clock::time_point> start_at_;

  bool restarts_;
  bool leaving_ = false;                      // the job ends in good order
  bool leaves_others_behind_ = false;         // some of it cannot be told
  std::optional<Clock::time_point> kill_at_;  // when the child must have ended by itself
  std::optional<int> exit_status_;            // decided; Hydra is being told
  std::optional<Clock::time_point> give_up_at_;
  bool done_ = false;
};

}  // namespace pkv::mpi
