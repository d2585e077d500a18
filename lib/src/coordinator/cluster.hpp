#pragma once

#include "pkv/log.hpp"
#include "pkv/ring.hpp"
#include "pkv/worker_process.hpp"

#include "coordinator/cluster_member.hpp"
#include "coordinator/cluster_processes.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/file_trust.hpp"
#include "coordinator/lasting_ring.hpp"
#include "coordinator/placement_change.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pkv {

/// The nodes of a store: which of them are there, and what their coming and going sets in motion.
///
/// A worker that is lost leaves the holders of its keys at once; when another process has taken its
/// place, that is filled with what it shall hold, while clients go on. If none comes
/// soon, a spare worker takes over the node's id, so the ring does not change either way. Changes
/// of the ring move what has to move in the same way; where entries are in files, LastingRing has
/// the last word on them, and spare workers take nobody's place, as a file is its node's.
///
/// Call step() after every Coordinator::collect(), and every few milliseconds while busy().
///
/// Thread safety: none; lives on the I/O thread. Not to be called from inside the coordinator.
/// Lifetime: the coordinator must outlive it.
class Cluster {
 public:
  enum class State : std::uint8_t {
    up,        ///< Holds all that it shall.
    filling,   ///< Is being filled.
    down,      ///< Its process is gone.
    draining,  ///< Off the ring, still holding keys.
    drained,   ///< Off the ring, holding nothing; RESTORE brings it back.
    failed,    ///< As drained, but it was made to lose its keys.
    spare,     ///< Waits to take the place of another, or to be added.
  };

  using Processes = ClusterProcesses;

  Cluster(Coordinator& coordinator, Processes processes, LogSink log);

  void worker_ready(WorkerReady ready);
  void worker_lost(const WorkerLost& lost);

  /// Of each key's copies, which may differ, keeps one and has it copied to the other holders: one
  /// of these workers only if there is no other, and then the last of them. Calls `done`, once,
  /// when every key has as many equal copies as it shall have.
  void even_out_copies(std::span<const std::size_t> least_trusted_first,
                       std::function<void()> done);

  /// Has what nodes do not hold erased, which their files may have from an earlier server.
  void remove_leftovers();

  void step();
  /// Something is in motion that needs step(), whatever clients do.
  [[nodiscard]] bool busy() const noexcept;

  // Changes that somebody asks for. They return why not, or nothing when it is under way.

  /// Takes the node off the ring and wipes it, as if its machine had burned.
  [[nodiscard]] std::optional<std::string> fail(NodeId node);
  /// Takes the node off the ring when others have its keys.
  [[nodiscard]] std::optional<std::string> drain(NodeId node);
  /// Brings a node back that was failed or drained.
  [[nodiscard]] std::optional<std::string> restore(NodeId node);
  [[nodiscard]] std::optional<std::string> set_weight(NodeId node, double weight);
  /// Puts a spare node on the ring.
  [[nodiscard]] std::optional<std::string> add();
  /// Kills the node's process.
  [[nodiscard]] std::optional<std::string> kill(NodeId node);

  [[nodiscard]] State state(std::size_t worker) const;
  /// The workers that can be sent to.
  [[nodiscard]] std::vector<std::size_t> workers() const;
  [[nodiscard]] std::uint64_t deaths(std::size_t worker) const { return members_[worker].deaths; }
  [[nodiscard]] std::optional<std::size_t> worker_of(NodeId node) const;
  /// The ring with such a change, or why there is none.
  struct NextRing {
    std::optional<Ring> ring;
    std::string why_not;
  };
  [[nodiscard]] NextRing with(NodeId node) const;
  [[nodiscard]] NextRing without(NodeId node) const;
  [[nodiscard]] NextRing with_weight(NodeId node, double weight) const;
  [[nodiscard]] PlacementForecast forecast(const Ring& next) const;

 private:
  using Member = ClusterMember;

  void lose(std::size_t worker, const std::string& why);
  void lose_and_replace(std::size_t worker, const std::string& why);
  void take_back(std::size_t worker);
  void replace_by_spare(std::size_t worker);
  void replace_those_away_for_long();
  [[nodiscard]] std::optional<std::size_t> find_spare() const;
  void change_ring(Ring next);
  void apply(PlacementChange change);
  void settle_transfers();
  void note_filled();
  [[nodiscard]] bool is_settling(std::size_t worker) const;
  [[nodiscard]] bool is_on_ring(std::size_t worker) const;
  void note_equal_copies();
  [[nodiscard]] PlacementGoal goal_of(const Ring& ring) const;
  [[nodiscard]] std::optional<std::string> begin_change(
      std::optional<std::size_t> leaving = std::nullopt);
  [[nodiscard]] bool lacks_copies(std::optional<std::size_t> leaving) const;
  [[nodiscard]] std::optional<std::string> why_not_failed(std::size_t worker) const;
  bool take_change_back(const std::string& why);
  [[nodiscard]] bool can_fill_failed(std::size_t worker) const;
  void fill_failed();
  void step_lasting_ring();
  [[nodiscard]] bool has_leftovers_to_note() const noexcept;
  void finish_change();
  /// What a node holds is in its file and nowhere else.
  [[nodiscard]] bool is_only_copy() const noexcept;
  void note_whole(std::size_t worker, std::optional<std::uint64_t> lost_at);
  void note_trust();
  [[nodiscard]] std::string name(std::size_t worker) const;
  void log(LogLevel level, const std::string& line) const;

  Coordinator& coordinator_;
  Processes processes_;
  LogSink log_;
  std::vector<Member> members_;
  LastingRing lasting_ring_;                ///< Where there are files.
  FileTrust file_trust_;                    ///< The same.
  std::function<void()> copies_are_equal_;  ///< Until they are.
};

[[nodiscard]] const char* to_text(Cluster::State state) noexcept;

}  // namespace pkv
