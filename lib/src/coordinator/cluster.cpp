#include "coordinator/cluster.hpp"

#include "coordinator/discard_replies.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>
#include <utility>

namespace pkv {
namespace {

// A process that dies is replaced within a fraction of a second. Longer, and something is wrong
// with its machine or the way to it.
constexpr std::chrono::seconds patience_with_the_lost{3};

std::string milliseconds(Coordinator::Clock::duration duration) {
  using std::chrono::duration_cast;
  return std::to_string(duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

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

std::string percent(double share) {
  const auto tenths = std::lround(share * 1000);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

}  // namespace

Cluster::Cluster(Coordinator& coordinator, Processes processes, LogSink log)
    : coordinator_(coordinator), processes_(std::move(processes)), log_(std::move(log)) {
  members_.resize(coordinator_.worker_count());
  for (std::size_t worker = 0; worker < members_.size(); ++worker) {
    members_[worker].weight = coordinator_.node(worker).weight;
    members_[worker].spare = !coordinator_.ring().index_of(coordinator_.node(worker).id);
  }
  coordinator_.on_loss([this](std::size_t worker, std::uint32_t epoch, const char* why) {
    if (members_[worker].there && coordinator_.epoch(worker) == epoch)
      lose_and_replace(worker, why);
  });
}

void Cluster::worker_ready(WorkerReady ready) {
  const std::size_t worker = ready.worker;
  if (worker >= members_.size() || ready.epoch <= coordinator_.epoch(worker)) return;
  if (members_[worker].there) lose(worker, "another process has taken its place");
  members_[worker].returned = std::move(ready);
  take_back(worker);
}

void Cluster::worker_lost(const WorkerLost& lost) {
  if (lost.worker >= members_.size()) return;
  Member& member = members_[lost.worker];
  if (member.returned && member.returned->epoch <= lost.epoch) member.returned.reset();
  if (member.there && coordinator_.epoch(lost.worker) <= lost.epoch) lose(lost.worker, lost.why);
  if (!member.there && !lost.keeper_present) replace_by_spare(lost.worker);
}

void Cluster::lose_and_replace(std::size_t worker, const std::string& why) {
  const std::uint32_t epoch = coordinator_.epoch(worker);
  lose(worker, why);
  if (processes_.replace)
    processes_.replace(worker, epoch);
  else
    replace_by_spare(worker);
}

void Cluster::lose(std::size_t worker, const std::string& why) {
  Member& member = members_[worker];
  member.there = false;
  member.filling = false;
  member.holder_since = 0;
  ++member.deaths;
  member.lost_at = member.unsettled_since = coordinator_.now();
  log(LogLevel::warning, name(worker) + " is lost: " + why);
  coordinator_.transfers().forget_erasing(static_cast<WorkerIndex>(worker));
  // First the routes: what the worker leaves unanswered goes to those that are left.
  apply(coordinator_.placement().lose(static_cast<WorkerIndex>(worker)));
  coordinator_.disconnect(worker);
  const double unheld = coordinator_.placement().unheld_share();
  if (unheld > 0)
    log(LogLevel::error, "nobody holds " + percent(unheld) +
                             " of the keys any more: commands on them are refused until a node "
                             "that owns them is back");
}

/// Uses the process that has taken the worker's place, if everything of the former one has come to
/// its end.
void Cluster::take_back(std::size_t worker) {
  Member& member = members_[worker];
  if (!member.returned || !coordinator_.is_quiet(worker)) return;
  WorkerReady ready = std::move(*member.returned);
  member.returned.reset();
  member.there = true;
  coordinator_.node(worker).process_id = ready.process_id;
  coordinator_.node(worker).host = ready.host;
  coordinator_.reconnect(worker, ready.epoch, std::move(ready.address));
  log(LogLevel::info, name(worker) + " is back as process " + std::to_string(ready.process_id) +
                          ", epoch " + std::to_string(ready.epoch) + ", after " +
                          milliseconds(coordinator_.now() - member.lost_at));
  if (!member.failed) apply(coordinator_.placement().revive(static_cast<WorkerIndex>(worker)));
}

std::optional<std::size_t> Cluster::find_spare() const {
  for (std::size_t worker = 0; worker < members_.size(); ++worker) {
    const State now = state(worker);
    if (now == State::spare || now == State::drained) return worker;
  }
  return std::nullopt;
}

/// Has a spare worker serve the node of a lost one. Should that return, it is the spare.
void Cluster::replace_by_spare(std::size_t worker) {
  const auto spare = find_spare();
  if (!spare || !coordinator_.ring().index_of(coordinator_.nodes()[worker].id)) return;
  log(LogLevel::warning, name(*spare) + " takes the place of " + name(worker));
  std::swap(coordinator_.node(worker).id, coordinator_.node(*spare).id);
  std::swap(members_[worker].weight, members_[*spare].weight);
  members_[worker].spare = true;
  members_[*spare].spare = false;
  change_ring(with_present_hosts(coordinator_.ring(), coordinator_.nodes()));
}

void Cluster::step() {
  if (!busy()) return;
  for (std::size_t worker = 0; worker < members_.size(); ++worker)
    take_back(worker);
  settle_transfers();
  note_filled();
  replace_those_away_for_long();
}

void Cluster::replace_those_away_for_long() {
  for (std::size_t worker = 0; worker < members_.size(); ++worker) {
    const Member& member = members_[worker];
    if (!member.there && coordinator_.now() - member.lost_at > patience_with_the_lost)
      replace_by_spare(worker);
  }
}

bool Cluster::busy() const noexcept {
  return !coordinator_.transfers().idle() ||
         std::ranges::any_of(members_, [this](const Member& one) {
           return one.filling || one.returned || (!one.there && find_spare());
         });
}

void Cluster::settle_transfers() {
  TransferSet& transfers = coordinator_.transfers();
  Placement& placement = coordinator_.placement();
  const TransferSet::News news = transfers.take_news();
  for (const WorkerIndex worker : news.unusable)
    if (members_[worker].there)
      lose_and_replace(worker, "it does not agree with other holders any more");
  for (const TransferSet::News::Failed& failed : news.failed) {
    log(LogLevel::error, "keys cannot be copied from " + name(failed.source) + " to " +
                             name(failed.destination) + ": " +
                             make_error_code(failed.why).message());
    // With replicas its other keys are elsewhere too, and another process may do better.
    if (coordinator_.settings().replicas > 1 && members_[failed.destination].there)
      lose_and_replace(failed.destination, "it cannot be filled");
  }
  for (const auto& [transfer, destination] : news.complete) {
    apply(placement.complete(transfer));
    transfers.end(transfer);
    coordinator_.note_new_holder(destination);
    members_[destination].holder_since = coordinator_.sequence();
  }
  for (const std::uint32_t drop : news.erased)
    apply(placement.erased(drop));
}

void Cluster::note_filled() {
  for (std::size_t worker = 0; worker < members_.size(); ++worker) {
    Member& member = members_[worker];
    const bool filling = state(worker) == State::filling;
    if (member.filling && !filling && member.there) {
      member.holder_since = 0;
      log(LogLevel::info,
          name(worker) + " holds all that it shall, " +
              milliseconds(coordinator_.now() - member.unsettled_since) +
              (member.unsettled_since == member.lost_at ? " after it was lost"
                                                        : " after the ring was changed"));
    }
    member.filling = filling;
  }
}

void Cluster::apply(PlacementChange change) {
  TransferSet& transfers = coordinator_.transfers();
  for (PlannedTransfer& plan : change.transfers) {
    members_[plan.destination].filling = true;
    transfers.start(std::move(plan));
  }
  for (const std::uint32_t ended : change.ended)
    transfers.end(ended);
  for (Drop& drop : change.drops)
    transfers.erase(std::move(drop));
  for (const Loss& loss : change.losses)
    log(LogLevel::error, name(loss.worker) + " now holds " + percent(loss.share) +
                             " of the keys, of which " +
                             (loss.salvaged_from != 0 ? "some were lost" : "all were lost"));
}

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
  Member& member = members_[worker];
  member.failed = true;
  log(LogLevel::warning, name(worker) + " is failed by command: off the ring, and wiped");
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

Cluster::State Cluster::state(std::size_t worker) const {
  const Member& member = members_[worker];
  const auto index = static_cast<WorkerIndex>(worker);
  if (!member.there) return State::down;
  if (member.failed) return State::failed;
  if (coordinator_.placement().lacks_something(index) || is_settling(worker)) return State::filling;
  if (coordinator_.ring().index_of(coordinator_.nodes()[worker].id)) return State::up;
  if (coordinator_.placement().held_share(index) > 0) return State::draining;
  return member.spare ? State::spare : State::drained;
}

/// Whether writes that it has got are to be answered by others alone: should those die now, the
/// clients would not learn what became of the writes.
bool Cluster::is_settling(std::size_t worker) const {
  const std::uint64_t since = members_[worker].holder_since;
  return since > 0 && coordinator_.settings().replicas > 1 &&
         coordinator_.stable_sequence() < since;
}

std::vector<std::size_t> Cluster::workers() const {
  std::vector<std::size_t> there;
  for (std::size_t worker = 0; worker < members_.size(); ++worker)
    if (members_[worker].there) there.push_back(worker);
  return there;
}

std::optional<std::size_t> Cluster::worker_of(NodeId node) const {
  const auto found = std::ranges::find(coordinator_.nodes(), node, &ServerNode::id);
  if (found == coordinator_.nodes().end()) return std::nullopt;
  return static_cast<std::size_t>(found - coordinator_.nodes().begin());
}

PlacementForecast Cluster::forecast(const Ring& next) const {
  // A node that was failed does not count as living, but would if it were put on the ring.
  std::vector<WorkerIndex> revived;
  for (std::size_t worker = 0; worker < members_.size(); ++worker)
    if (members_[worker].failed && next.index_of(coordinator_.nodes()[worker].id))
      revived.push_back(static_cast<WorkerIndex>(worker));
  return coordinator_.placement().forecast(goal_of(next), revived);
}

std::string Cluster::name(std::size_t worker) const {
  const ServerNode& node = coordinator_.nodes()[worker];
  return "node " + std::to_string(to_number(node.id)) + " (rank " + std::to_string(node.rank) + ")";
}

void Cluster::log(LogLevel level, const std::string& line) const {
  if (log_) log_(level, line);
}

const char* to_text(Cluster::State state) noexcept {
  switch (state) {
    case Cluster::State::up:
      return "up";
    case Cluster::State::filling:
      return "filling";
    case Cluster::State::down:
      return "down";
    case Cluster::State::draining:
      return "draining";
    case Cluster::State::drained:
      return "drained";
    case Cluster::State::failed:
      return "failed";
    case Cluster::State::spare:
      return "spare";
  }
  return "unknown";
}

}  // namespace pkv
