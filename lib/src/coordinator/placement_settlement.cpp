#include "coordinator/placement_settlement.hpp"

#include <algorithm>
#include <cassert>

namespace pkv {

Placement::Settlement::Settlement(Placement& placement)
    : placement_(placement), table_(placement.table_), first_new_id_(placement.next_id_) {}

void Placement::Settlement::complete_fill(std::size_t route, std::uint32_t transfer) {
  Route& changed = table_.route(route);
  const auto done = std::ranges::find(changed.fills(), transfer, &Fill::transfer);
  assert(done != changed.fills().end());
  const WorkerIndex destination = done->destination;
  if (placement_.holding_) {
    placement_.waiting_.insert(transfer);
    return;
  }

  std::vector<Fill> others(changed.fills().begin(), changed.fills().end());
  std::erase_if(others, [&](const Fill& fill) { return fill.transfer == transfer; });
  changed.set_fills(others);

  shed_holders(route, table_.targets(route).size() - 1);
  WorkerList holders = changed.holders();
  holders.add(destination);
  changed.set_holders(holders);
}

void Placement::Settlement::keep_one_copy(std::size_t route,
                                          std::span<const WorkerIndex> least_trusted_first) {
  const WorkerList holders = table_.route(route).holders();
  const auto trust = [&](WorkerIndex worker) {
    return std::ranges::find(least_trusted_first, worker) - least_trusted_first.begin();
  };
  WorkerList kept;
  kept.add(*std::ranges::max_element(holders, {}, trust));
  for (const WorkerIndex holder : holders)
    if (!kept.contains(holder)) drop(route, holder);
  table_.route(route).set_holders(kept);
}

void Placement::Settlement::settle(std::span<const std::size_t> touched) {
  for (const std::size_t route : touched)
    give_up(route);
  find_ready_workers();  // only now: what was given up is erased before its worker gets more
  for (const std::size_t route : touched)
    take_up(route);
  if (ended_.empty()) return;
  for (std::size_t route = 0; route < table_.routes().size(); ++route)
    carry_on(route);
}

/// Ends what cannot go on as it was.
void Placement::Settlement::give_up(std::size_t route) {
  end_fills(route);
  if (table_.route(route).holders().empty() && table_.route(route).filling())
    placement_.holding_ ? forsake(route) : salvage(route);
  if (!placement_.holding_) shed_holders(route, table_.targets(route).size());
  find_new_sources(route);
}

/// Sees to it that every target that can be one is a holder, or on its way to be.
void Placement::Settlement::take_up(std::size_t route) {
  Route& changed = table_.route(route);
  const WorkerList missing = missing_holders(route);
  if (changed.holders().empty() && placement_.holding_) return;
  if (changed.holders().empty()) {
    // Nobody has any of the entries: these workers agree, and none can be filled.
    for (const WorkerIndex worker : missing)
      note_loss(route, worker, 0);
    changed.set_holders(missing);
    return;
  }
  std::vector<Fill> fills(changed.fills().begin(), changed.fills().end());
  for (const WorkerIndex worker : missing) {
    const WorkerIndex source = choose_source(route);
    fills.push_back({transfer_for(0, source, worker), source, worker});
  }
  changed.set_fills(fills);
  put_in_order(route);
}

/// Ends the fills to workers that are dead or no longer wanted.
void Placement::Settlement::end_fills(std::size_t route) {
  Route& changed = table_.route(route);
  std::vector<Fill> kept;
  for (const Fill& fill : changed.fills()) {
    if (placement_.live_[fill.destination] && table_.targets(route).contains(fill.destination)) {
      kept.push_back(fill);
      continue;
    }
    ended_.insert(fill.transfer);
    if (placement_.live_[fill.destination]) drop(route, fill.destination);
  }
  if (kept.size() != changed.fills().size()) changed.set_fills(kept);
}

/// Nobody can go on for the holders, as those that are filled are not known to anybody else yet.
void Placement::Settlement::forsake(std::size_t route) {
  Route& changed = table_.route(route);
  for (const Fill& fill : changed.fills()) {
    ended_.insert(fill.transfer);
    drop(route, fill.destination);
  }
  changed.set_fills({});
}

/// Makes the destination that has lived longest the holder of what it has. Others may have more, or
/// less: they cannot go on from there, and start again.
void Placement::Settlement::salvage(std::size_t route) {
  Route& changed = table_.route(route);
  const auto age = [this](const Fill& fill) {
    return std::pair(placement_.lives_since_[fill.destination], fill.destination);
  };
  const WorkerIndex heir = std::ranges::min_element(changed.fills(), {}, age)->destination;
  for (const Fill& fill : changed.fills()) {
    ended_.insert(fill.transfer);
    if (fill.destination == heir) {
      note_loss(route, heir, fill.transfer);
    } else {
      drop(route, fill.destination);
    }
  }
  WorkerList holders;
  holders.add(heir);
  changed.set_holders(holders);
  changed.set_fills({});
}

void Placement::Settlement::find_new_sources(std::size_t route) {
  Route& changed = table_.route(route);
  std::vector<Fill> fills(changed.fills().begin(), changed.fills().end());
  for (Fill& fill : fills) {
    if (changed.holders().contains(fill.source)) continue;
    ended_.insert(fill.transfer);
    fill.source = choose_source(route);
    fill.transfer = transfer_for(fill.transfer, fill.source, fill.destination);
  }
  changed.set_fills(fills);
}

/// Drops holders that are no targets, the least wanted first, until there are at most `most`.
///
/// Sources of fills stay, yet there is always another to go: the targets that are being filled will
/// take the places of at least as many.
void Placement::Settlement::shed_holders(std::size_t route, std::size_t most) {
  Route& changed = table_.route(route);
  while (changed.holders().size() > most) {
    WorkerList holders = changed.holders();
    const WorkerIndex* surplus = holders.end();
    while (--surplus != holders.begin()) {
      if (!table_.targets(route).contains(*surplus) && !changed.fills_from(*surplus)) break;
    }
    assert(!table_.targets(route).contains(*surplus) && !changed.fills_from(*surplus));
    const WorkerIndex worker = *surplus;
    drop(route, worker);
    holders.remove(worker);
    changed.set_holders(holders);
  }
}

/// Holders that are targets come first, in the order of the targets.
void Placement::Settlement::put_in_order(std::size_t route) {
  Route& changed = table_.route(route);
  WorkerList ordered;
  for (const WorkerIndex target : table_.targets(route)) {
    if (changed.holders().contains(target)) ordered.add(target);
  }
  for (const WorkerIndex holder : changed.holders()) {
    if (!ordered.contains(holder)) ordered.add(holder);
  }
  changed.set_holders(ordered);
}

/// Lets others continue what is left of a transfer that has ended elsewhere.
void Placement::Settlement::carry_on(std::size_t route) {
  Route& changed = table_.route(route);
  if (!changed.filling()) return;
  std::vector<Fill> fills(changed.fills().begin(), changed.fills().end());
  for (Fill& fill : fills) {
    if (!is_new(fill.transfer) && ended_.contains(fill.transfer))
      fill.transfer = transfer_for(fill.transfer, fill.source, fill.destination);
  }
  changed.set_fills(fills);
}

WorkerList Placement::Settlement::missing_holders(std::size_t route) const {
  const Route& present = table_.route(route);
  WorkerList missing;
  for (const WorkerIndex target : table_.targets(route)) {
    if (ready_[target] && !present.holders().contains(target) && !present.fills_worker(target))
      missing.add(target);
  }
  return missing;
}

/// The holder that has the least to copy so far.
WorkerIndex Placement::Settlement::choose_source(std::size_t route) {
  if (loads_.empty()) measure_loads();
  const WorkerList& holders = table_.route(route).holders();
  assert(!holders.empty());
  const WorkerIndex source =
      *std::ranges::min_element(holders, {}, [&](WorkerIndex holder) { return loads_[holder]; });
  loads_[source] += table_.cells(route);
  return source;
}

std::uint32_t Placement::Settlement::transfer_for(std::uint32_t continues, WorkerIndex source,
                                                  WorkerIndex destination) {
  const auto [transfer, is_new] =
      transfers_.try_emplace({continues, source, destination}, placement_.next_id_);
  if (is_new) ++placement_.next_id_;
  return transfer->second;
}

void Placement::Settlement::drop(std::size_t route, WorkerIndex worker) {
  const auto [drop, is_new] = drops_.try_emplace(worker, placement_.next_id_);
  if (is_new) placement_.drops_.emplace(placement_.next_id_++, worker);
  dropped_.push_back({route, drop->second});
}

void Placement::Settlement::note_loss(std::size_t route, WorkerIndex worker,
                                      std::uint32_t salvaged_from) {
  lost_cells_[{worker, salvaged_from}] += table_.cells(route);
}

void Placement::Settlement::measure_loads() {
  loads_.resize(worker_count());
  for (std::size_t route = 0; route < table_.routes().size(); ++route) {
    for (const Fill& fill : table_.route(route).fills())
      loads_[fill.source] += table_.cells(route);
  }
}

void Placement::Settlement::find_ready_workers() {
  ready_ = placement_.live_;
  for (const auto& [id, worker] : placement_.drops_)
    ready_[worker] = false;
}

PlacementChange Placement::Settlement::finish() && {
  std::vector<std::vector<RingRange>> ranges = collect_ranges();
  const auto ranges_of = [&](std::uint32_t id) { return std::move(ranges[id - first_new_id_]); };

  PlacementChange change;
  change.ended.assign(ended_.begin(), ended_.end());
  for (const std::uint32_t transfer : ended_)
    placement_.waiting_.erase(transfer);
  for (const auto& [key, id] : transfers_) {
    const auto& [continues, source, destination] = key;
    change.transfers.push_back({id, continues, source, destination, ranges_of(id)});
  }
  for (const auto& [worker, id] : drops_)
    change.drops.push_back({id, worker, ranges_of(id)});
  for (const auto& [key, cells] : lost_cells_)
    change.losses.push_back({key.first, key.second, share_of_cells(cells)});
  placement_.measure();
  return change;
}

/// The ranges of every new id, by the number of the id among them.
std::vector<std::vector<RingRange>> Placement::Settlement::collect_ranges() {
  std::vector<std::vector<RingRange>> ranges(placement_.next_id_ - first_new_id_);
  if (ranges.empty()) return ranges;

  std::vector<RouteMark> marks = std::move(dropped_);
  for (std::size_t route = 0; route < table_.routes().size(); ++route) {
    for (const Fill& fill : table_.route(route).fills()) {
      if (is_new(fill.transfer)) marks.push_back({route, fill.transfer});
    }
  }
  std::ranges::sort(marks, {}, &RouteMark::route);
  std::vector<std::size_t> first_marks(table_.routes().size() + 1);
  for (const RouteMark& mark : marks)
    ++first_marks[mark.route + 1];
  for (std::size_t route = 1; route < first_marks.size(); ++route)
    first_marks[route] += first_marks[route - 1];

  table_.for_each_arc([&](const RingRange& arc, std::size_t route) {
    for (std::size_t mark = first_marks[route]; mark < first_marks[route + 1]; ++mark)
      append_joined(ranges[marks[mark].id - first_new_id_], arc);
  });
  return ranges;
}

}  // namespace pkv
