#pragma once

#include "mpi/mpi_transport.hpp"
#include "mpi/scenario.hpp"
#include "wire/operation.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace pkv::mpi {

/// The coordinator's side of a test: sends requests, waits for arrivals. Runs on a thread of its
/// own, so it must not use Catch; it reports by its results.
///
/// Errors: throws std::runtime_error if something that must come does not.
class Conversation {
 public:
  explicit Conversation(MpiTransport& transport);

  [[nodiscard]] std::size_t workers() const noexcept { return transport_.worker_count(); }

  /// Whether the worker's next slot is free; it is once its last answer was taken by next_arrival.
  [[nodiscard]] bool may_request(std::size_t worker) const;
  /// Whether any slot is not free.
  [[nodiscard]] bool busy() const noexcept { return busy_slots_ > 0; }

  /// Sends a request in the worker's next slot. Returns the slot. Requires: may_request(worker).
  std::uint32_t request(std::size_t worker, const std::vector<wire::Operation>& operations);

  /// The worker is served by another process from here on.
  void reconnect(std::size_t worker, std::uint32_t epoch, const std::string& address);

  /// The next arrival, whichever worker it is from.
  [[nodiscard]] wire::Arrival next_arrival();

  /// Sends one request with one operation and returns all values that answer it, joined.
  [[nodiscard]] std::string ask(std::size_t worker, const wire::Operation& operation);

  [[nodiscard]] MpiTransport& transport() noexcept { return transport_; }

 private:
  void collect();

  struct Worker {
    std::uint32_t next_slot = 0;
    std::uint32_t epoch = 1;
    std::vector<bool> busy;
  };

  MpiTransport& transport_;
  std::vector<Worker> workers_;
  std::size_t busy_slots_ = 0;
  std::uint64_t next_sequence_ = 1;
  std::deque<wire::Arrival> arrivals_;
  std::mutex mutex_;
  std::condition_variable notified_;
  bool something_arrived_ = false;
};

/// The values in a reply frame's body. Throws std::runtime_error if they are not well-formed
/// values.
[[nodiscard]] std::vector<std::string> values_in(const wire::Frame& reply);

/// Plays a scenario: the workers their part, a thread `conversation`, this one MPI's. Returns
/// whether the transport ended in order; rethrows what the conversation threw.
bool hold(const Scenario& scenario, const std::function<void(Conversation&)>& conversation);

/// The number of worker ranks.
[[nodiscard]] int worker_ranks();

}  // namespace pkv::mpi
