// How spare workers take the places of lost ones.

#include "coordinator/cluster.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace pkv {
namespace {

// A process that dies is replaced within a fraction of a second. Longer, and something is wrong
// with its machine or the way to it.
constexpr std::chrono::seconds patience_with_the_lost{3};

/// The same ring, of nodes that may run on other machines now: no key's owner changes, but its
/// other replicas do where two of them would be on one machine.
Ring with_present_hosts(const Ring& ring, std::span<const ServerNode> nodes) {
  std::vector<RingNode> moved(ring.nodes().begin(), ring.nodes().end());
  for (RingNode& node : moved) {
    const auto found = std::ranges::find(nodes, node.id, &ServerNode::id);
    if (found != nodes.end()) node.host = found->host;
  }
  return Ring(std::move(moved), ring.options());
}

}  // namespace

std::optional<std::size_t> Cluster::find_spare() const {
  for (std::size_t worker = 0; worker < members_.size(); ++worker) {
    const State now = state(worker);
    if (now == State::spare || now == State::drained) return worker;
  }
  return std::nullopt;
}

/// Has a spare worker serve the node of a lost one. Should that return, it is the spare.
void Cluster::replace_by_spare(std::size_t worker) {
  if (!is_on_ring(worker) || processes_.entries_last) return;
  const auto spare = find_spare();
  if (!spare) {
    log(LogLevel::warning, "there is no spare node to take the place of " + name(worker));
    return;
  }
  log(LogLevel::warning, name(*spare) + " takes the place of " + name(worker));
  std::swap(coordinator_.node(worker).id, coordinator_.node(*spare).id);
  std::swap(members_[worker].weight, members_[*spare].weight);
  members_[worker].spare = true;
  members_[*spare].spare = false;
  change_ring(with_present_hosts(coordinator_.ring(), coordinator_.nodes()));
}

void Cluster::replace_those_away_for_long() {
  if (processes_.entries_last || !find_spare()) return;
  for (std::size_t worker = 0; worker < members_.size(); ++worker) {
    const Member& member = members_[worker];
    if (!member.there && coordinator_.now() - member.lost_at > patience_with_the_lost)
      replace_by_spare(worker);
  }
}

}  // namespace pkv
