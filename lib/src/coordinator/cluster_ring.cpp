// Changes of the ring, as somebody asks for them.

#include "coordinator/cluster.hpp"
#include "coordinator/discard_replies.hpp"

#include <stdexcept>
#include <utility>

namespace pkv {

PlacementGoal Cluster::goal_of(const Ring& ring) const {
  PlacementGoal goal{ring, coordinator_.settings().replicas, {}};
  for (const RingNode& node : ring.nodes())
    goal.worker_of_ring_index.push_back(static_cast<WorkerIndex>(*worker_of(node.id)));
  return goal;
}

void Cluster::change_ring(Ring next) {
  const PlacementGoal goal = goal_of(next);
  coordinator_.set_ring(std::move(next));
  for (Member& member : members_)
    if (member.there) member.unsettled_since = coordinator_.now();
  apply(coordinator_.placement().retarget(goal));
  coordinator_.ensure_turn_end();  // copying begins now, not with the next command
}

std::optional<std::string> Cluster::add() {
  const auto spare = find_spare();
  if (!spare)
    return "ERR there is no spare node: start pkv_server with --spares, or RESTORE one that was "
           "taken off the ring";
  return restore(coordinator_.nodes()[*spare].id);
}

Cluster::NextRing Cluster::with(NodeId node) const {
  const auto worker = worker_of(node);
  if (!worker) return {std::nullopt, "ERR there is no node " + std::to_string(to_number(node))};
  if (coordinator_.ring().index_of(node))
    return {std::nullopt, "ERR node " + std::to_string(to_number(node)) + " is on the ring"};
  const ServerNode& described = coordinator_.nodes()[*worker];
  return {coordinator_.ring().with_node({node, members_[*worker].weight, described.host}), {}};
}

Cluster::NextRing Cluster::without(NodeId node) const {
  if (!worker_of(node))
    return {std::nullopt, "ERR there is no node " + std::to_string(to_number(node))};
  if (!coordinator_.ring().index_of(node))
    return {std::nullopt, "ERR node " + std::to_string(to_number(node)) + " is not on the ring"};
  if (coordinator_.ring().nodes().size() == 1)
    return {std::nullopt, "ERR node " + std::to_string(to_number(node)) +
                              " is the last one on the ring: restore another one first"};
  if (processes_.entries_last &&
      coordinator_.ring().nodes().size() <= coordinator_.settings().replicas)
    return {std::nullopt, "ERR without node " + std::to_string(to_number(node)) +
                              " there would be fewer nodes on the ring than replicas: restore "
                              "another one first"};
  return {coordinator_.ring().without_node(node), {}};
}

Cluster::NextRing Cluster::with_weight(NodeId node, double weight) const {
  if (!coordinator_.ring().index_of(node))
    return {std::nullopt, "ERR node " + std::to_string(to_number(node)) + " is not on the ring"};
  try {
    return {coordinator_.ring().with_weight(node, weight), {}};
  } catch (const std::invalid_argument& error) {
    return {std::nullopt, std::string("ERR ") + error.what()};
  }
}

std::optional<std::string> Cluster::fail(NodeId node) {
  NextRing next = without(node);
  if (!next.ring) return next.why_not;
  const std::size_t worker = *worker_of(node);
  if (auto why_not = why_not_failed(worker)) return why_not;
  if (auto why_not = begin_change(worker)) return why_not;
  Member& member = members_[worker];
  member.failed = true;
  log(LogLevel::warning, name(worker) + " is failed by command: off the ring, and wiped");
  note_whole(worker, coordinator_.sequence());
  if (member.there) {
    coordinator_.transfers().forget_erasing(static_cast<WorkerIndex>(worker));
    apply(coordinator_.placement().lose(static_cast<WorkerIndex>(worker)));
    wire::Operation clear;
    clear.opcode = wire::Opcode::clear;
    coordinator_.begin_command();
    coordinator_.append_to(worker, clear, discarded_reply());
  }
  change_ring(std::move(*next.ring));
  return std::nullopt;
}

std::optional<std::string> Cluster::drain(NodeId node) {
  NextRing next = without(node);
  if (!next.ring) return next.why_not;
  if (auto why_not = begin_change(worker_of(node))) return why_not;
  log(LogLevel::info, name(*worker_of(node)) + " is being drained");
  change_ring(std::move(*next.ring));
  return std::nullopt;
}

std::optional<std::string> Cluster::restore(NodeId node) {
  NextRing next = with(node);
  if (!next.ring) return next.why_not;
  const std::size_t worker = *worker_of(node);
  Member& member = members_[worker];
  if (!member.there)
    return "ERR node " + std::to_string(to_number(node)) +
           " has no process now: try again when NODES says so";
  if (auto why_not = begin_change()) return why_not;
  member.failed = false;
  member.spare = false;
  log(LogLevel::info, name(worker) + " is put on the ring");
  apply(coordinator_.placement().revive(static_cast<WorkerIndex>(worker)));
  change_ring(std::move(*next.ring));
  return std::nullopt;
}

std::optional<std::string> Cluster::set_weight(NodeId node, double weight) {
  NextRing next = with_weight(node, weight);
  if (!next.ring) return next.why_not;
  if (auto why_not = begin_change()) return why_not;
  members_[*worker_of(node)].weight = weight;
  change_ring(std::move(*next.ring));
  return std::nullopt;
}

std::optional<std::string> Cluster::kill(NodeId node) {
  const auto worker = worker_of(node);
  if (!worker) return "ERR there is no node " + std::to_string(to_number(node));
  if (!processes_.kill)
    return "ERR killing processes is not enabled: start pkv_server with --enable-debug-commands "
           "and --on-worker-loss restart";
  processes_.kill(*worker);
  return std::nullopt;
}

PlacementForecast Cluster::forecast(const Ring& next) const {
  // A node that was failed does not count as living, but would if it were put on the ring.
  std::vector<WorkerIndex> revived;
  for (std::size_t worker = 0; worker < members_.size(); ++worker)
    if (members_[worker].failed && next.index_of(coordinator_.nodes()[worker].id))
      revived.push_back(static_cast<WorkerIndex>(worker));
  return coordinator_.placement().forecast(goal_of(next), revived);
}

}  // namespace pkv
