#include "torture/fault_injector.hpp"

#include "support/processes.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <utility>

namespace pkv::torture {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;
/// A node that was stopped may be declared lost even after it goes on: it is trusted again when it
/// has been up for so long.
constexpr auto steady_time = 300ms;

}  // namespace

FaultInjector::FaultInjector(std::uint16_t port, std::size_t at_once, std::vector<Fault> schedule,
                             std::vector<std::unique_ptr<Client>>& clients)
    : port_(port),
      at_once_(at_once),
      clients_(clients),
      schedule_(schedule.begin(), schedule.end()) {
  if (schedule_.empty()) return;
  running_ = at_once_;
  for (std::size_t i = 0; i < at_once_; ++i)
    threads_.emplace_back([this] { work(); });
}

FaultInjector::~FaultInjector() {
  give_up();
}

FaultReport FaultInjector::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

void FaultInjector::work() {
  try {
    Cluster cluster(port_);
    while (const std::optional<Fault> fault = next())
      inject(cluster, *fault);
  } catch (const std::exception& error) {
    add_problem(std::string("asking for the nodes: ") + error.what());
  }
  --running_;
}

/// Waits until the next fault is due.
std::optional<Fault> FaultInjector::next() {
  std::optional<Fault> fault;
  {
    const std::lock_guard lock(mutex_);
    if (schedule_.empty()) return std::nullopt;
    fault = schedule_.front();
    schedule_.pop_front();
  }
  while (Clock::now() < beginning_ + fault->due && !gives_up_)
    std::this_thread::sleep_for(10ms);
  if (gives_up_) return std::nullopt;
  return fault;
}

void FaultInjector::inject(Cluster& cluster, const Fault& fault) {
  const std::optional<NodeState> victim = claim_victim(cluster, fault);
  if (!victim) return;
  bool is_done = false;
  switch (fault.kind) {
    case FaultKind::kill:
      is_done = kill_and_wait(cluster, *victim, SIGKILL);
      break;
    case FaultKind::crash:
      is_done = kill_and_wait(cluster, *victim, SIGSEGV);
      break;
    case FaultKind::stop:
      is_done = stop_and_wait(cluster, *victim, fault.pause);
      break;
    case FaultKind::ring_change:
      is_done = change_ring_and_wait(cluster, *victim, fault.pause);
      break;
  }
  const std::lock_guard lock(mutex_);
  if (!is_done) return;  // the node stays claimed: it may still be away
  claimed_.erase(victim->id);
  ++report_.done[static_cast<std::size_t>(fault.kind)];
}

std::optional<NodeState> FaultInjector::claim_victim(Cluster& cluster, const Fault& fault) {
  std::optional<NodeState> victim;
  const auto is_chosen = [&](const Cluster::Nodes& nodes) {
    victim = choose(nodes, fault);
    return victim.has_value() || gives_up_;
  };
  if (!cluster.wait_until(is_chosen, patience)) add_problem("the nodes did not all come up");
  return victim;
}

std::optional<NodeState> FaultInjector::choose(const Cluster::Nodes& nodes, const Fault& fault) {
  const std::lock_guard lock(mutex_);
  std::set<std::int64_t> away = claimed_;
  std::vector<NodeState> candidates;
  for (const NodeState& node : nodes) {
    if (!node.is_up()) away.insert(node.id);
    if (!away.contains(node.id)) candidates.push_back(node);
  }
  if (candidates.empty() || away.size() >= at_once_) return std::nullopt;
  NodeState victim = candidates[fault.chance % candidates.size()];
  claimed_.insert(victim.id);
  return victim;
}

bool FaultInjector::kill_and_wait(Cluster& cluster, const NodeState& victim, int signal) {
  for (const std::unique_ptr<Client>& client : clients_)
    static_cast<void>(client->take_longest_wait());
  const Clock::time_point begin = Clock::now();
  if (!send(victim, signal)) return false;
  const auto serves_again = [&](const Cluster::Nodes& nodes) {
    const NodeState* node = find(nodes, victim.id);
    return node != nullptr && node->is_up() && node->process != victim.process;
  };
  if (!cluster.wait_until(serves_again, patience)) {
    add_problem("node " + std::to_string(victim.id) + " did not come back after it was killed");
    return false;
  }
  const Clock::duration recovery = Clock::now() - begin;
  const std::lock_guard lock(mutex_);
  report_.recoveries.push_back(recovery);
  for (const std::unique_ptr<Client>& client : clients_)
    report_.waits.push_back(client->take_longest_wait());
  return true;
}

bool FaultInjector::stop_and_wait(Cluster& cluster, const NodeState& victim,
                                  std::chrono::milliseconds pause) {
  if (!send(victim, SIGSTOP)) return false;
  std::this_thread::sleep_for(pause);
  if (test::is_running(victim.process)) ::kill(victim.process, SIGCONT);
  pid_t process = victim.process;
  Clock::time_point up_since = Clock::now();
  const auto is_steady = [&](const Cluster::Nodes& nodes) {
    const NodeState* node = find(nodes, victim.id);
    const bool is_as_before = node != nullptr && node->is_up() && node->process == process;
    if (node != nullptr) process = node->process;
    if (!is_as_before) up_since = Clock::now();
    return Clock::now() - up_since > steady_time;
  };
  if (cluster.wait_until(is_steady, patience)) return true;
  add_problem("node " + std::to_string(victim.id) + " did not come back after it was stopped");
  return false;
}

bool FaultInjector::change_ring_and_wait(Cluster& cluster, const NodeState& victim,
                                         std::chrono::milliseconds pause) {
  const auto change = [&](const char* what) {
    const std::optional<std::string> error = cluster.change(what, victim.id);
    if (error) add_problem(*error);
    return !error;
  };
  const auto wait_for = [&](bool is_back) {
    const auto wanted = [&](const Cluster::Nodes& nodes) {
      const NodeState* node = find(nodes, victim.id);
      return node != nullptr && node->is_up() == is_back &&
             count_up(nodes) + (is_back ? 0 : 1) == nodes.size();
    };
    if (cluster.wait_until(wanted, patience)) return true;
    add_problem("node " + std::to_string(victim.id) +
                (is_back ? " was not restored" : " stays up"));
    return false;
  };
  if (!change("FAIL") || !wait_for(false)) return false;
  std::this_thread::sleep_for(pause);
  return change("RESTORE") && wait_for(true);
}

/// Process ids come from the server, so it is made sure that they are of its kind.
bool FaultInjector::send(const NodeState& victim, int signal) {
  const std::string program = test::program_of(victim.process);
  if (program.starts_with("pkv") && ::kill(victim.process, signal) == 0) return true;
  add_problem("node " + std::to_string(victim.id) + " has no process " +
              std::to_string(victim.process) + " of pkv_server on this machine");
  return false;
}

void FaultInjector::add_problem(std::string text) {
  const std::lock_guard lock(mutex_);
  report_.problems.push_back(std::move(text));
}

}  // namespace pkv::torture
