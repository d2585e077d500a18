#pragma once

#include "coordinator/placement.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace pkv {

/// Brings routes that an event has touched in line with the rules of Placement, and notes what that
/// takes.
///
/// Used for one event: change routes, settle() those, finish().
class Placement::Settlement {
 public:
  explicit Settlement(Placement& placement);

  /// The destination of the fill by the transfer holds the arc; another holder makes room. While
  /// holders are held the fill waits.
  void complete_fill(std::size_t route, std::uint32_t transfer);

  /// The arc's most trusted holder becomes its only one. Requires: there is a holder.
  void keep_one_copy(std::size_t route, std::span<const WorkerIndex> least_trusted_first);

  /// What the worker has of the arc is to be erased. Requires: it neither holds it nor is it being
  /// filled with it.
  void drop(std::size_t route, WorkerIndex worker);

  void settle(std::span<const std::size_t> touched);

  [[nodiscard]] PlacementChange finish() &&;

 private:
  /// A route in whose arcs there is something to do, and the new id of what that is.
  struct RouteMark {
    std::size_t route;
    std::uint32_t id;
  };

  void give_up(std::size_t route);
  void take_up(std::size_t route);
  void end_fills(std::size_t route);
  void forsake(std::size_t route);
  void salvage(std::size_t route);
  void find_new_sources(std::size_t route);
  void shed_holders(std::size_t route, std::size_t most);
  void put_in_order(std::size_t route);
  [[nodiscard]] WorkerList missing_holders(std::size_t route) const;
  void carry_on(std::size_t route);

  [[nodiscard]] WorkerIndex choose_source(std::size_t route);
  [[nodiscard]] std::uint32_t transfer_for(std::uint32_t continues, WorkerIndex source,
                                           WorkerIndex destination);
  void note_loss(std::size_t route, WorkerIndex worker, std::uint32_t salvaged_from);
  void measure_loads();
  void find_ready_workers();

  [[nodiscard]] std::size_t worker_count() const noexcept { return placement_.live_.size(); }
  [[nodiscard]] bool is_new(std::uint32_t id) const noexcept { return id >= first_new_id_; }
  [[nodiscard]] std::vector<std::vector<RingRange>> collect_ranges();

  Placement& placement_;
  RouteTable& table_;
  const std::uint32_t first_new_id_;
  std::set<std::uint32_t> ended_;
  std::map<std::tuple<std::uint32_t, WorkerIndex, WorkerIndex>, std::uint32_t> transfers_;
  std::map<WorkerIndex, std::uint32_t> drops_;
  std::map<std::pair<WorkerIndex, std::uint32_t>, std::uint64_t> lost_cells_;
  std::vector<RouteMark> dropped_;
  /// Workers that can be given something new: they live, and nothing of theirs is being erased.
  std::vector<bool> ready_;
  /// Cells that each worker is the source of, in all fills; empty until needed.
  std::vector<std::uint64_t> loads_;
};

}  // namespace pkv
