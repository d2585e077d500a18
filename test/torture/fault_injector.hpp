#pragma once

#include "torture/checker/operation.hpp"
#include "torture/client.hpp"
#include "torture/cluster.hpp"
#include "torture/fault_schedule.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace pkv::torture {

/// What became of the faults.
struct FaultReport {
  std::array<std::size_t, fault_names.size()> done{};  ///< By FaultKind.
  /// The longest time without an answer that each client had after each kill.
  std::vector<Clock::duration> waits;
  /// From each kill until the node served again.
  std::vector<Clock::duration> recoveries;
  std::vector<std::string> problems;
};

/// Makes the faults happen, each when it is due and all nodes but `at_once` - 1 are up. As many
/// threads as there may be nodes away work on it.
///
/// Thread safety: it may be asked from any thread.
/// Lifetime: the clients must outlive it; the destructor gives up what has not begun.
/// Errors: in the report, which is complete once is_done().
class FaultInjector {
 public:
  FaultInjector(std::uint16_t port, std::size_t at_once, std::vector<Fault> schedule,
                std::vector<std::unique_ptr<Client>>& clients);
  FaultInjector(const FaultInjector&) = delete;
  FaultInjector& operator=(const FaultInjector&) = delete;
  ~FaultInjector();

  /// Whether nothing is left to do.
  [[nodiscard]] bool is_done() const noexcept { return running_ == 0; }
  /// Begins no further faults.
  void give_up() noexcept { gives_up_ = true; }

  [[nodiscard]] FaultReport report() const;

 private:
  void work();
  [[nodiscard]] std::optional<Fault> next();
  void inject(Cluster& cluster, const Fault& fault);
  [[nodiscard]] std::optional<NodeState> claim_victim(Cluster& cluster, const Fault& fault);
  [[nodiscard]] std::optional<NodeState> choose(const Cluster::Nodes& nodes, const Fault& fault);
  bool kill_and_wait(Cluster& cluster, const NodeState& victim, int signal);
  bool stop_and_wait(Cluster& cluster, const NodeState& victim, std::chrono::milliseconds pause);
  bool change_ring_and_wait(Cluster& cluster, const NodeState& victim,
                            std::chrono::milliseconds pause);
  bool send(const NodeState& victim, int signal);
  void add_problem(std::string text);

  std::uint16_t port_;
  std::size_t at_once_;
  std::vector<std::unique_ptr<Client>>& clients_;
  Clock::time_point beginning_ = Clock::now();
  std::atomic<bool> gives_up_{false};
  std::atomic<std::size_t> running_{0};
  mutable std::mutex mutex_;
  std::deque<Fault> schedule_;
  std::set<std::int64_t> claimed_;  // ids of nodes that a fault is under way on
  FaultReport report_;
  std::vector<std::jthread> threads_;
};

}  // namespace pkv::torture
