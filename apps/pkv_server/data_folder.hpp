#pragma once

#include "pkv/log.hpp"
#include "pkv/ring_note.hpp"

#include "base/file_lock.hpp"
#include "pkv_server/data_layout.hpp"
#include "pkv_server/data_spread.hpp"
#include "pkv_server/next_files.hpp"
#include "pkv_server/options.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pkv::server {

/// What rank 0 keeps in the folder of a store that lasts: a lock, so that one server at a time
/// serves it, and its layout.
///
/// Thread safety: none.
/// Errors: std::runtime_error, in words that say what to do.
class DataFolder {
 public:
  /// Makes the folder if it is missing, locks it, and reads. Writes nothing else yet.
  DataFolder(const Options& options, std::size_t workers);

  /// Looks into the nodes' files, which nobody may have open, and throws if they cannot be used.
  /// Damaged ones are set aside, to be filled anew or, without replicas, to begin empty. Where the
  /// options spread the entries in another way than the files do, all are written anew. Before,
  /// commands are completed that had come to some nodes only when a server was killed. To be called
  /// before the nodes start; for a job on this machine alone.
  ///
  /// May be killed at any moment: the next call finds all entries, and begins again or goes on.
  void prepare(const LogSink& log, const StepWatch& step = {});

  /// Notes that the folder is in use. To be called when all nodes have their files. Throws if too
  /// many of them are not up to date, or belong to other options.
  void settle();
  /// After settle(): what had to be written anew for this start.
  [[nodiscard]] const std::optional<DataLayout::Rewritten>& rewritten() const noexcept {
    return rewritten_;
  }
  /// After settle(): how many commands had to be completed for this start.
  [[nodiscard]] std::uint64_t completed() const noexcept { return completed_; }

  /// How the entries are spread: what the options leave open is as the last server left it.
  [[nodiscard]] const DataSpread& spread() const noexcept { return layout_.spread; }
  /// Files may have entries that their nodes do not hold by that.
  [[nodiscard]] bool has_leftovers() const noexcept { return layout_.leftovers; }

  /// Of one key's copies some may have got the latest writes and others not: the server that wrote
  /// them was killed, or the machine lost its power.
  [[nodiscard]] bool copies_may_differ() const noexcept { return copies_may_differ_; }
  void note_equal_copies();

  /// The nodes that were lost and not filled again, by their workers: their files are to be
  /// replaced.
  [[nodiscard]] std::vector<std::size_t> lost_workers() const;
  /// Those that were lost, too, but have what these have not: the least trusted first.
  [[nodiscard]] std::vector<std::size_t> stale_workers() const;

  /// Worker `worker` was lost at this place in the order; or is whole again, and all up to
  /// `settled_until` has been done everywhere. Is on the disk when it returns.
  void note(std::size_t worker, std::optional<std::uint64_t> lost_at, std::uint64_t settled_until);

  /// Notes workers that are not whole as lost at other places. Is on the disk when it returns.
  void note(const std::map<std::size_t, std::uint64_t>& lost_at, std::uint64_t settled_until);

  /// Is on the disk when it returns. If it throws, is_as_noted() tells whether all is as before.
  void note(const RingNote& ring);
  [[nodiscard]] bool is_as_noted() const;

  /// Notes that the folder is no longer in use: all that was ordered has come to all files.
  void leave();

 private:
  void inspect(std::uint32_t node, const LogSink& log);
  void set_aside(std::uint32_t node, const std::string& why, const LogSink& log);
  [[nodiscard]] std::vector<std::uint32_t> least_trusted_first() const;
  [[nodiscard]] std::size_t emptied_count() const;
  void check_lost() const;
  void check_refill() const;
  void check_strays() const;
  void complete_commands(const LogSink& log, const StepWatch& step);
  void spread_anew(const LogSink& log, const StepWatch& step);
  [[nodiscard]] std::uint64_t write_next_files(const LogSink& log, const StepWatch& step);
  void write() const;

  const Options& options_;
  std::optional<FileLock> lock_;
  DataSpread wanted_;  ///< By the options and, for the rest, by what there is.
  DataLayout layout_;
  std::optional<DataLayout::Rewritten> rewritten_;
  std::uint64_t completed_ = 0;
  bool settled_ = false;  ///< There is a layout.
  bool copies_may_differ_ = false;
};

}  // namespace pkv::server
