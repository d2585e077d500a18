#pragma once

#include "coordinator/placement.hpp"
#include "coordinator/worker_list.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace pkv {

/// Which of the nodes' files a later server would take each key from, were all processes killed
/// now.
///
/// What is noted beside the files says of each node that it is whole, or since when it has not got
/// everything. The later server takes a key from the first of its nodes that is whole, or else from
/// the one that was lost last: writes are answered when all have them that are not lost, so this
/// one has them all. That is not so where a node that is being filled goes on alone, as the last of
/// the others is lost: what it has been written to since is in its file only, but others count as
/// lost later. Then amend() tells what is to be noted, so that every key is found at a present
/// holder.
///
/// Thread safety: none; lives on the I/O thread.
class FileTrust {
 public:
  explicit FileTrust(std::size_t worker_count) : lost_at_(worker_count) {}

  [[nodiscard]] bool is_whole(std::size_t worker) const { return !lost_at_[worker]; }

  /// Noted as lost at this place in the order, unless it was not whole anyway.
  void lose(std::size_t worker, std::uint64_t at);
  /// Its file has been begun anew, and the later server would see that.
  void begin_anew(std::size_t worker);
  /// Noted to be whole.
  void make_whole(std::size_t worker) { lost_at_[worker].reset(); }
  void make_all_whole();
  /// An earlier server has noted so of these.
  void distrust(std::span<const std::size_t> least_trusted_first);

  /// Places in the order by which workers are to be noted as lost instead, all at once; they are
  /// taken to be. None if keys are found at their holders, as they usually are.
  ///
  /// Where no order of the nodes does for all keys, the places are 0: the later server refuses to
  /// begin. This takes several nodes that lack something, one of which is to be trusted more than
  /// another for some keys and less for others, and lasts until one of them is whole.
  [[nodiscard]] std::map<std::size_t, std::uint64_t> amend(const Placement& placement,
                                                           std::uint64_t now);

 private:
  /// When each was lost; whole ones were not.
  using Places = std::vector<std::optional<std::uint64_t>>;

  [[nodiscard]] static WorkerIndex trusted(const WorkerList& workers, const Places& places);
  [[nodiscard]] std::optional<WorkerIndex> misplaced(const Placement& placement,
                                                     const Places& before) const;
  void give_up(const Placement& placement);

  Places lost_at_;
};

}  // namespace pkv
