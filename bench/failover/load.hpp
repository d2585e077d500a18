#pragma once

#include "failover/settings.hpp"
#include "failover/timeline.hpp"
#include "load/connection.hpp"
#include "load/keys.hpp"
#include "load/random.hpp"
#include "load/requests.hpp"
#include "load/tally.hpp"
#include "load/value_pattern.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace pkv::failover {

/// The clients: connections that each send some commands at once, wait for all answers, and send
/// the next when the rate allows it. What was not sent in time, because answers were missing, is
/// not made up for.
///
/// Every key belongs to one connection, which therefore knows the one right answer to each read:
/// a lost write or an old value is a wrong answer.
///
///     load.connect(port);
///     load.begin(Load::Task::create);  run the io_context until load.idle()
///     load.begin(Load::Task::mix);     ...  load.finish();  run until load.idle()
///
/// Thread safety: none; the thread that runs `io`.
/// Lifetime: `io`, `settings` and `timeline` must outlive it.
/// Errors: they are counted.
class Load final : private bench::ConnectionListener {
 public:
  enum class Task {
    create,  ///< Writes every key once.
    mix,     ///< Reads and writes keys by chance, until finish().
    check,   ///< Reads every key once.
  };

  Load(boost::asio::io_context& io, const Settings& settings, Timeline& timeline);

  /// Errors: bench::ConnectFailure if the server is not there.
  void connect(std::uint16_t port);
  /// All connections are open or lost.
  [[nodiscard]] bool connected() const noexcept { return connecting_ == 0; }

  /// Requires: connected() and idle().
  void begin(Task task);
  /// Lets Task::mix end.
  void finish() noexcept { finishing_ = true; }
  /// Nothing is under way or will be by itself.
  [[nodiscard]] bool idle() const noexcept { return busy_ == 0; }

  [[nodiscard]] std::size_t lost_connections() const noexcept { return lost_; }
  /// Errors that the server answered with, and commands that connections were lost with.
  [[nodiscard]] const bench::Faults& errors() const noexcept { return errors_; }
  /// Answers other than the right one.
  [[nodiscard]] const bench::Faults& wrong_answers() const noexcept { return wrong_answers_; }
  /// Reads of keys that were lost, where that can be: without replicas.
  [[nodiscard]] std::uint64_t missing() const noexcept { return missing_; }

 private:
  /// A connection, and what is known about its keys: those with numbers connection, connection + n,
  /// connection + 2n ... of n connections.
  struct Lane {
    Lane(boost::asio::io_context& io, bench::ConnectionListener& listener, std::size_t number,
         std::size_t pipeline, std::uint64_t seed);

    bench::Connection connection;
    bench::Random random;
    boost::asio::steady_timer pace;
    std::vector<std::uint64_t> versions;  // that the keys have once all is answered; 0: not known
    std::deque<std::uint64_t> expected;   // the versions that the reads under way shall find
    std::size_t next = 0;                 // index of the key to create or check next
    bool connecting = true;
    bool busy = false;
    Clock::time_point waits_since{};  // for the next answer
    Clock::time_point next_batch{};
  };

  void on_connected(bench::Connection& connection) override;
  void on_answer(bench::Connection& connection, const bench::Exchange& exchange,
                 const bench::Answer& answer, Clock::time_point now) override;
  void on_turn(bench::Connection& connection, Clock::time_point now) override;
  void on_closed(bench::Connection& connection,
                 const boost::circular_buffer<bench::Exchange>& unanswered) override;

  [[nodiscard]] bool has_more(const Lane& lane) const noexcept;
  void go_on(Lane& lane, Clock::time_point now);
  void send_batch(Lane& lane);
  void add_read(Lane& lane, std::size_t index);
  void add_write(Lane& lane, std::size_t index);
  void check(Lane& lane, const bench::Exchange& exchange, const bench::Answer& answer,
             Clock::time_point now);
  void note_wrong(Lane& lane, const bench::Exchange& exchange, std::string fault);
  [[nodiscard]] std::uint64_t key_of(const Lane& lane, std::size_t index) const noexcept;
  [[nodiscard]] std::size_t index_of(std::uint64_t key) const noexcept;

  const Settings& settings_;
  Timeline& timeline_;
  bench::Keys keys_;
  bench::ValuePattern values_;
  bench::Requests requests_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  Clock::duration batch_interval_{};  // on one connection
  Task task_ = Task::create;
  bool finishing_ = false;
  std::uint64_t last_version_ = 0;
  std::size_t connecting_ = 0;
  std::size_t lost_ = 0;
  std::size_t busy_ = 0;
  bench::Faults errors_;
  bench::Faults wrong_answers_;
  std::uint64_t missing_ = 0;
};

}  // namespace pkv::failover
