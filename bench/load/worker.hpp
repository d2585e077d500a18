#pragma once

#include "load/connection.hpp"
#include "load/open_loop.hpp"
#include "load/recorder.hpp"
#include "load/requests.hpp"
#include "load/schedule.hpp"
#include "load/tally.hpp"
#include "load/timeline.hpp"
#include "load/workload.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pkv::bench {

/// What all workers have in common. What it refers to must outlive them.
struct WorkerSettings {
  Protocol protocol = Protocol::resp;
  const Keys& keys;
  const ValuePattern& values;
  const Requests& requests;
  bool allow_missing = false;
  std::size_t pipeline = 1;  ///< Most requests under way on a connection, in any phase.
  std::chrono::milliseconds timeout{10'000};
  const std::atomic<bool>& stop;  ///< Set when the user has had enough.
};

/// One worker's part of loading, warming up or measuring.
struct Phase {
  Clock::time_point begin{};
  /// No operation begins at this time or later; in an open loop none is due.
  Clock::time_point end = Clock::time_point::max();
  std::uint64_t operations = std::numeric_limits<std::uint64_t>::max();
  std::size_t pipeline = 1;            ///< Of a closed loop.
  std::optional<Schedule> schedule{};  ///< Makes it an open loop.
  Timeline* timeline = nullptr;        ///< May be null.
};

/// One thread of the generator with its share of the connections.
///
/// In a closed loop each connection sends a whole pipeline of requests, waits for all answers, and
/// sends the next one. In an open loop operations come by a schedule (see OpenLoop).
///
/// Thread safety: none, but for completed(); run() may be called on another thread than connect().
/// Errors: what goes wrong with the server is in the Tally.
class Worker final : private ConnectionListener {
 public:
  Worker(const WorkerSettings& settings, std::size_t index, std::size_t connections);

  /// Opens the connections. Throws ConnectFailure if one cannot be opened in time.
  void connect(const Connection::Endpoint& server);

  /// Carries out a phase, beginning at Phase::begin, and returns what came of it.
  [[nodiscard]] Tally run(const Phase& phase, Workload& workload);

  /// Operations that have ended in this phase, up to a tenth of a second ago. Any thread may ask.
  [[nodiscard]] std::uint64_t completed() const noexcept {
    return completed_.load(std::memory_order_relaxed);
  }

 private:
  using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                                  Connection::IoContext::executor_type>;

  void on_connected(Connection& connection) override;
  void on_answer(Connection& connection, const Exchange& exchange, const Answer& answer,
                 Clock::time_point now) override;
  void on_turn(Connection& connection, Clock::time_point now) override;
  void on_closed(Connection& connection,
                 const boost::circular_buffer<Exchange>& unanswered) override;

  [[nodiscard]] Tally end_phase();
  [[nodiscard]] bool accepts_more(Clock::time_point now) const noexcept;
  void stop_if_done(Clock::time_point now);
  void give_up(Clock::time_point now);
  void arm_tick();
  void on_tick(Clock::time_point now);
  void close_stalled(Clock::time_point now);
  [[nodiscard]] std::uint64_t sent_bytes() const noexcept;
  [[nodiscard]] std::uint64_t received_bytes() const noexcept;

  void begin(Connection& connection, const Operation& operation, Clock::time_point when);
  void write_back(Connection& connection, const Exchange& read);
  [[nodiscard]] bool check(const Exchange& exchange, const Answer& answer);
  void begin_pipeline(Connection& connection, Clock::time_point now);
  void begin_due();
  void arm_due_timer(Clock::time_point now);

  const WorkerSettings& settings_;
  boost::asio::io_context io_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t open_connections_ = 0;
  std::string connect_fault_;
  std::vector<std::string> cursors_;  // of scans, by connection
  std::uint64_t version_;             // of the last value written
  std::atomic<std::uint64_t> completed_{0};

  // Of the phase.
  std::uint64_t phase_number_ = 0;  // a timer's handler may come after its phase has ended
  Phase phase_;
  Workload* workload_ = nullptr;
  std::optional<Recorder> recorder_;
  std::optional<OpenLoop> open_loop_;
  std::uint64_t left_ = 0;       // operations to begin in a closed loop
  std::uint64_t under_way_ = 0;  // operations
  std::uint64_t ended_ = 0;
  std::uint64_t unsent_ = 0;
  std::uint64_t sent_before_ = 0;
  std::uint64_t received_before_ = 0;
  Timer tick_;
  Clock::time_point next_tick_{};
  Timer due_timer_;
  bool due_timer_armed_ = false;
  std::vector<Connection*> written_;  // scratch of begin_due
};

}  // namespace pkv::bench
