#include "coordinator/cluster.hpp"

#include "wire/tags.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace pkv {
namespace {

std::string milliseconds(Coordinator::Clock::duration duration) {
  using std::chrono::duration_cast;
  return std::to_string(duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

std::string percent(double share) {
  const auto tenths = std::lround(share * 1000);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

}  // namespace

Cluster::Cluster(Coordinator& coordinator, Processes processes, LogSink log)
    : coordinator_(coordinator),
      processes_(std::move(processes)),
      log_(std::move(log)),
      lasting_ring_(coordinator, processes_.note_ring),
      file_trust_(coordinator.worker_count()) {
  members_.resize(coordinator_.worker_count());
  for (std::size_t worker = 0; worker < members_.size(); ++worker) {
    members_[worker].weight = coordinator_.node(worker).weight;
    members_[worker].deaths = coordinator_.epoch(worker) - wire::first_epoch;
    const ServerNode& node = coordinator_.node(worker);
    members_[worker].spare = !node.drained && !coordinator_.ring().index_of(node.id);
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
  if (processes_.replace) processes_.replace(worker, epoch);
  if (!processes_.replace || !processes_.come_back) replace_by_spare(worker);
}

void Cluster::lose(std::size_t worker, const std::string& why) {
  take_change_back(name(worker) + " is lost");
  Member& member = members_[worker];
  member.there = false;
  member.filling = false;
  member.holder_since = 0;
  ++member.deaths;
  member.lost_at = member.unsettled_since = coordinator_.now();
  log(LogLevel::warning, name(worker) + " is lost: " + why);
  coordinator_.transfers().forget_erasing(static_cast<WorkerIndex>(worker));
  note_whole(worker, coordinator_.sequence());
  // First the routes: what the worker leaves unanswered goes to those that are left.
  apply(coordinator_.placement().lose(static_cast<WorkerIndex>(worker)));
  note_trust();
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
  file_trust_.begin_anew(worker);
  coordinator_.node(worker).process_id = ready.process_id;
  coordinator_.node(worker).host = ready.host;
  coordinator_.reconnect(worker, ready.epoch, std::move(ready.address));
  log(LogLevel::info, name(worker) + " is back as process " + std::to_string(ready.process_id) +
                          ", epoch " + std::to_string(ready.epoch) + ", after " +
                          milliseconds(coordinator_.now() - member.lost_at));
  if (!member.failed) apply(coordinator_.placement().revive(static_cast<WorkerIndex>(worker)));
  if (lasting_ring_.has_leftovers() && coordinator_.settings().replicas == 1)
    apply(coordinator_.placement().drop_unheld(static_cast<WorkerIndex>(worker)));
  if (state(worker) == State::up) note_whole(worker, std::nullopt);
}

void Cluster::even_out_copies(std::span<const std::size_t> least_trusted_first,
                              std::function<void()> done) {
  log(LogLevel::info, "copies of keys may differ: one of each is copied to the other nodes");
  copies_are_equal_ = std::move(done);
  std::vector<WorkerIndex> distrusted;
  for (const std::size_t worker : least_trusted_first)
    distrusted.push_back(static_cast<WorkerIndex>(worker));
  file_trust_.distrust(least_trusted_first);
  apply(coordinator_.placement().keep_one_copy(distrusted));
  note_equal_copies();
}

void Cluster::note_equal_copies() {
  if (!copies_are_equal_) return;
  const std::size_t wanted =
      std::min(coordinator_.settings().replicas, coordinator_.ring().nodes().size());
  if (coordinator_.placement().degree() != wanted) return;
  log(LogLevel::info, "all copies of every key are equal");
  file_trust_.make_all_whole();
  std::exchange(copies_are_equal_, nullptr)();
}

void Cluster::step() {
  if (!busy()) return;
  for (std::size_t worker = 0; worker < members_.size(); ++worker)
    take_back(worker);
  fill_failed();
  settle_transfers();
  note_filled();
  note_equal_copies();
  if (processes_.entries_last) step_lasting_ring();
  replace_those_away_for_long();
}

bool Cluster::busy() const noexcept {
  if (!coordinator_.transfers().idle()) return true;
  if (lasting_ring_.changing() || has_leftovers_to_note()) return true;
  for (std::size_t worker = 0; worker < members_.size(); ++worker) {
    const Member& one = members_[worker];
    if (one.filling || one.returned || (!one.there && is_on_ring(worker) && find_spare()))
      return true;
    if (can_fill_failed(worker)) return true;
  }
  return false;
}

void Cluster::settle_transfers() {
  TransferSet& transfers = coordinator_.transfers();
  Placement& placement = coordinator_.placement();
  const TransferSet::News news = transfers.take_news();
  for (const WorkerIndex worker : news.unusable) {
    // Without replicas a node's file is all there is of what it holds.
    take_change_back(name(worker) + " does not take in all that it shall hold");
    if (members_[worker].there && !is_only_copy())
      lose_and_replace(worker, "it does not agree with other holders any more");
  }
  for (const TransferSet::News::Failed& failed : news.failed) {
    log(LogLevel::error, "keys cannot be copied from " + name(failed.source) + " to " +
                             name(failed.destination) + ": " +
                             make_error_code(failed.why).message());
    if (take_change_back("they cannot be copied")) continue;
    // With replicas its other keys are elsewhere too, and another process may do better.
    if (coordinator_.settings().replicas > 1 && members_[failed.destination].there)
      lose_and_replace(failed.destination, "it cannot be filled");
  }
  for (const auto& [transfer, destination] : news.complete) {
    if (placement.waits(transfer)) continue;
    apply(placement.complete(transfer));
    if (placement.waits(transfer)) continue;
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
      note_whole(worker, std::nullopt);
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
  if (!change.transfers.empty() || !change.ended.empty()) lasting_ring_.start_over();
  for (PlannedTransfer& plan : change.transfers) {
    members_[plan.destination].filling = true;
    transfers.start(std::move(plan));
  }
  for (const std::uint32_t ended : change.ended)
    transfers.end(ended);
  for (Drop& drop : change.drops)
    transfers.erase(std::move(drop));
  for (const Loss& loss : change.losses) {
    coordinator_.note_new_holder(loss.worker);  // of former entries it knows some at most
    if (is_only_copy()) continue;
    log(LogLevel::error, name(loss.worker) + " now holds " + percent(loss.share) +
                             " of the keys, of which " +
                             (loss.salvaged_from != 0 ? "some were lost" : "all were lost"));
  }
  if (!change.losses.empty()) note_trust();
}

Cluster::State Cluster::state(std::size_t worker) const {
  const Member& member = members_[worker];
  const auto index = static_cast<WorkerIndex>(worker);
  if (!member.there) return State::down;
  if (member.failed) return State::failed;
  if (coordinator_.placement().lacks_something(index) || is_settling(worker)) return State::filling;
  if (is_on_ring(worker)) return State::up;
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

bool Cluster::is_on_ring(std::size_t worker) const {
  return coordinator_.ring().index_of(coordinator_.nodes()[worker].id).has_value();
}

std::optional<std::size_t> Cluster::worker_of(NodeId node) const {
  const auto found = std::ranges::find(coordinator_.nodes(), node, &ServerNode::id);
  if (found == coordinator_.nodes().end()) return std::nullopt;
  return static_cast<std::size_t>(found - coordinator_.nodes().begin());
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
