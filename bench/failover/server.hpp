#pragma once

#include "pkv/client.hpp"

#include "failover/results.hpp"
#include "failover/schedule.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace pkv::failover {

/// The run is worth nothing: the server does not answer, or not in time, or not as it should.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Runs what `io` has to do until the condition holds (true) or time is up.
template <class Condition>
[[nodiscard]] bool run_until(boost::asio::io_context& io, Condition condition,
                             Clock::duration patience) {
  const Clock::time_point deadline = Clock::now() + patience;
  while (!condition()) {
    if (Clock::now() >= deadline) return false;
    if (io.stopped()) io.restart();
    io.run_one_until(deadline);
  }
  return true;
}

/// The connection on which the nodes are looked at and changed. While it waits for an answer, `io`
/// does whatever else there is to do.
///
/// Thread safety: none.
/// Lifetime: `io` must outlive it.
/// Errors: all functions throw Failure.
class Server {
 public:
  Server(boost::asio::io_context& io, std::uint16_t port);

  [[nodiscard]] std::vector<Node> nodes();
  [[nodiscard]] double ring_peak_to_mean();
  [[nodiscard]] std::uint64_t keys();
  /// The part of the ring that the event would have copied; of a kill, what the node holds.
  [[nodiscard]] double forecast(const Event& event, const std::vector<Node>& nodes);
  /// Lets the event happen. Requires for a kill: the process runs on this machine.
  void carry_out(const Event& event, const std::vector<Node>& nodes);

 private:
  Reply ask(Command command);

  boost::asio::io_context& io_;
  Client client_;
};

[[nodiscard]] const Node& find_node(const std::vector<Node>& nodes, std::int64_t id);

}  // namespace pkv::failover
