// Changes of the ring where entries are in files, which a later server has to find.

#include "coordinator/cluster.hpp"

#include <algorithm>
#include <utility>

namespace pkv {

bool Cluster::is_only_copy() const noexcept {
  return processes_.entries_last && coordinator_.settings().replicas == 1;
}

/// While the ring changes a node may have all that it shall hold, but not all that it held by the
/// ring that is noted.
void Cluster::note_whole(std::size_t worker, std::optional<std::uint64_t> lost_at) {
  if (!lost_at && lasting_ring_.changing()) return;
  if (lost_at)
    file_trust_.lose(worker, *lost_at);
  else
    file_trust_.make_whole(worker);
  if (processes_.note_whole && coordinator_.settings().replicas > 1)
    processes_.note_whole(worker, lost_at, coordinator_.stable_sequence());
  if (!lost_at) note_trust();  // there may be an order where there was none
}

/// To be called when others have come to hold keys, before that is answered by them alone. While
/// the ring changes nobody does.
void Cluster::note_trust() {
  if (!processes_.note_trust || coordinator_.settings().replicas == 1 || lasting_ring_.changing())
    return;
  const auto lost_at = file_trust_.amend(coordinator_.placement(), coordinator_.sequence());
  if (!lost_at.empty()) processes_.note_trust(lost_at, coordinator_.stable_sequence());
}

/// To be called before anything of a change is done: `leaving` is taken off the ring. Returns why
/// it cannot be.
std::optional<std::string> Cluster::begin_change(std::optional<std::size_t> leaving) {
  if (!processes_.entries_last) return std::nullopt;
  if (copies_are_equal_)
    return "ERR the copies of keys are being made equal since the server has started: try again "
           "when NODES shows that all nodes are up";
  if (coordinator_.placement().unheld_share() > 0)
    return "ERR nobody holds some of the keys now: try again when NODES shows that all nodes are "
           "up";
  if (lacks_copies(leaving))
    return "ERR another node does not hold all that it shall now: try again when NODES shows that "
           "all nodes are up";
  if (!lasting_ring_.begin())
    return "ERR the change cannot be noted in the folder of the files: see the server's log";
  return std::nullopt;
}

/// Whether some node of the ring that is noted has not got all that it shall have by that, except
/// for one that is taken off. Its keys could come to have no other copy that a later server would
/// look for, as nobody is filled with copies that are not noted.
bool Cluster::lacks_copies(std::optional<std::size_t> leaving) const {
  if (coordinator_.settings().replicas == 1) return false;
  const bool is_first = !lasting_ring_.changing();
  const Ring& noted = is_first ? coordinator_.ring() : *lasting_ring_.noted();
  for (std::size_t worker = 0; worker < members_.size(); ++worker) {
    if (!noted.index_of(coordinator_.nodes()[worker].id) || (is_first && worker == leaving))
      continue;
    if (!members_[worker].there || !file_trust_.is_whole(worker)) return true;
  }
  return false;
}

/// Where entries are in files, and FAIL would erase those that a later server would look for.
std::optional<std::string> Cluster::why_not_failed(std::size_t worker) const {
  const std::string node = "node " + std::to_string(to_number(coordinator_.nodes()[worker].id));
  if (is_only_copy())
    return "ERR without replicas the keys of " + node +
           " would be lost: DRAIN it, which moves them to the others";
  if (lasting_ring_.changing())
    return "ERR the ring is being changed: try again when NODES shows that all nodes are up";
  return std::nullopt;
}

/// Makes the ring as it was and is noted, where all entries still are. False if no change is under
/// way.
///
/// A later server looks for a key at the holders that are noted. Were these lost while others go on
/// with what they have been filled with, it would find what was before.
bool Cluster::take_change_back(const std::string& why) {
  if (!lasting_ring_.changing()) return false;
  log(LogLevel::warning, "the change of the ring is taken back, as " + why +
                             ": all keys stay where they were; ask for it again");
  const Ring before = *lasting_ring_.noted();
  for (const RingNode& node : before.nodes())
    members_[*worker_of(node.id)].weight = node.weight;
  lasting_ring_.abandon();
  change_ring(before);
  return true;
}

/// The change that was to take the node off the ring has been taken back. It is empty, so where
/// other holders are lost, too, they come first.
bool Cluster::can_fill_failed(std::size_t worker) const {
  const Member& member = members_[worker];
  return member.failed && member.there && is_on_ring(worker) &&
         coordinator_.placement().unheld_share() == 0;
}

void Cluster::fill_failed() {
  for (std::size_t worker = 0; worker < members_.size(); ++worker) {
    if (!can_fill_failed(worker)) continue;
    members_[worker].failed = false;
    log(LogLevel::info, name(worker) + " is filled again");
    apply(coordinator_.placement().revive(static_cast<WorkerIndex>(worker)));
  }
}

void Cluster::step_lasting_ring() {
  if (lasting_ring_.changing())
    finish_change();
  else if (has_leftovers_to_note() && coordinator_.transfers().idle())
    lasting_ring_.clean(workers());
}

/// What the file of a node without process holds is not known.
bool Cluster::has_leftovers_to_note() const noexcept {
  return lasting_ring_.has_leftovers() && std::ranges::all_of(members_, &Member::there);
}

/// Exchanges the holders, when that can be done.
void Cluster::finish_change() {
  if (!lasting_ring_.may_exchange(workers()) || !lasting_ring_.exchange()) return;
  file_trust_.make_all_whole();
  Placement& placement = coordinator_.placement();
  for (std::size_t worker = 0; worker < members_.size(); ++worker)
    if (placement.lacks_something(static_cast<WorkerIndex>(worker)))
      coordinator_.note_new_holder(worker);
  const std::vector<std::uint32_t> complete(placement.waiting().begin(), placement.waiting().end());
  apply(placement.release());
  for (const std::uint32_t transfer : complete)
    coordinator_.transfers().end(transfer);
  log(LogLevel::info, "the ring has changed: from here on a server finds the entries by it");
}

void Cluster::remove_leftovers() {
  log(LogLevel::info,
      "files may have entries that their nodes do not hold any more: they are removed");
  lasting_ring_.note_leftovers();
  for (const std::size_t worker : workers())
    apply(coordinator_.placement().drop_unheld(static_cast<WorkerIndex>(worker)));
}

}  // namespace pkv
