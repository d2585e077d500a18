#include "coordinator/file_trust.hpp"

#include <algorithm>
#include <limits>

namespace pkv {

void FileTrust::lose(std::size_t worker, std::uint64_t at) {
  if (is_whole(worker)) lost_at_[worker] = at;
}

void FileTrust::begin_anew(std::size_t worker) {
  if (!is_whole(worker)) lost_at_[worker] = 0;
}

void FileTrust::make_all_whole() {
  std::ranges::fill(lost_at_, std::nullopt);
}

void FileTrust::distrust(std::span<const std::size_t> least_trusted_first) {
  std::uint64_t place = 0;  // their order is known, and that all of it is long ago
  for (const std::size_t worker : least_trusted_first)
    lose(worker, ++place);
}

std::map<std::size_t, std::uint64_t> FileTrust::amend(const Placement& placement,
                                                      std::uint64_t now) {
  const Places before = lost_at_;
  std::uint64_t latest = now;
  for (const auto& place : before)
    latest = std::max(latest, place.value_or(0));
  // Whoever has the last word somewhere comes last; those that others need behind it follow. Each
  // is moved once for each of the others at most, unless they go round in a circle.
  const std::size_t enough = lost_at_.size() * lost_at_.size();
  for (std::size_t moves = 0; const auto worker = misplaced(placement, before); ++moves) {
    if (moves == enough) {
      give_up(placement);
      break;
    }
    lost_at_[*worker] = is_whole(*worker) ? 0 : ++latest;
  }
  std::map<std::size_t, std::uint64_t> amended;
  for (std::size_t worker = 0; worker < lost_at_.size(); ++worker)
    if (lost_at_[worker] != before[worker]) amended[worker] = *lost_at_[worker];
  return amended;
}

/// The one that a server would take the keys of these from.
WorkerIndex FileTrust::trusted(const WorkerList& workers, const Places& places) {
  constexpr auto never = std::numeric_limits<std::uint64_t>::max();
  return *std::ranges::max_element(
      workers, {}, [&](WorkerIndex worker) { return places[worker].value_or(never); });
}

/// A worker that has to be noted as lost later, or as lost if it is not.
std::optional<WorkerIndex> FileTrust::misplaced(const Placement& placement,
                                                const Places& before) const {
  for (std::size_t route = 0; route < placement.routes().size(); ++route) {
    const WorkerList& targets = placement.targets(route);
    const WorkerIndex found = trusted(targets, lost_at_);
    const WorkerList& holders = placement.routes()[route].holders();
    const bool is_unfinished = lost_at_[found] == 0U;  // as far as a server can know
    if (holders.contains(found) && !is_unfinished) continue;
    if (!holders.empty() && (is_unfinished || !is_whole(found))) return trusted(holders, lost_at_);
    if (!holders.empty()) return found;
    const WorkerIndex found_before = trusted(targets, before);  // and nobody has written since
    if (found != found_before) return is_whole(found) ? found : found_before;
  }
  return std::nullopt;
}

void FileTrust::give_up(const Placement& placement) {
  for (std::size_t worker = 0; worker < lost_at_.size(); ++worker)
    if (!is_whole(worker) || placement.lacks_something(static_cast<WorkerIndex>(worker)))
      lost_at_[worker] = 0;
}

}  // namespace pkv
