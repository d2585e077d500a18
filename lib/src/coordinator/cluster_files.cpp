// Changes of the ring where entries are in files, which a later server has to find.

#include "coordinator/cluster.hpp"

#include <algorithm>
#include <utility>

namespace pkv {

/// To be called before anything of a change is done. Returns why it cannot be.
std::optional<std::string> Cluster::begin_change() {
  if (!processes_.entries_last) return std::nullopt;
  // While a change is under way the copies of a key are noted to be where they were. Were those
  // nodes lost one after the other, the one that had been filled meanwhile would go on alone, and a
  // later server would not look there.
  if (coordinator_.settings().replicas > 1)
    return "ERR with replicas the ring cannot be changed while a server serves from files: start "
           "it again with other --workers or --weights, which moves the entries";
  if (copies_are_equal_)
    return "ERR the copies of keys are being made equal since the server has started: try again "
           "when NODES shows that all nodes are up";
  if (coordinator_.placement().unheld_share() > 0)
    return "ERR nobody holds some of the keys now: try again when NODES shows that all nodes are "
           "up";
  if (!lasting_ring_.begin())
    return "ERR the change cannot be noted in the folder of the files: see the server's log";
  return std::nullopt;
}

/// Where entries are in files and nobody else has a node's. With replicas begin_change() refuses.
std::optional<std::string> Cluster::why_not_failed(std::size_t worker) const {
  if (!processes_.entries_last || !is_only_copy()) return std::nullopt;
  return "ERR without replicas the keys of node " +
         std::to_string(to_number(coordinator_.nodes()[worker].id)) +
         " would be lost: DRAIN it, which moves them to the others";
}

/// Without replicas: as the ring was, where all entries still are.
void Cluster::take_change_back(const std::string& why) {
  const bool is_one = lasting_ring_.changing() && coordinator_.settings().replicas == 1;
  if (!is_one || coordinator_.ring() == *lasting_ring_.noted()) return;
  log(LogLevel::warning, "the change of the ring is taken back, as " + why +
                             ": all keys stay where they were; ask for it again");
  const Ring before = *lasting_ring_.noted();
  for (const RingNode& node : before.nodes())
    members_[*worker_of(node.id)].weight = node.weight;
  change_ring(before);
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
  for (std::size_t worker = 0; worker < members_.size(); ++worker)
    if (is_settling(worker)) return;
  if (!lasting_ring_.may_exchange(workers()) || !lasting_ring_.exchange()) return;
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
