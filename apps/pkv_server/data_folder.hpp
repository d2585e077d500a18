#pragma once

#include "pkv/log.hpp"

#include "base/file_lock.hpp"
#include "pkv_server/data_layout.hpp"
#include "pkv_server/options.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pkv::server {

/// Where node `node` keeps its entries.
[[nodiscard]] std::filesystem::path node_file(const Options& options, std::uint32_t node);

/// What rank 0 keeps in the folder of a store that lasts: a lock, so that one server at a time
/// serves it, and its layout.
///
/// Thread safety: none.
/// Errors: std::runtime_error, in words that say what to do.
class DataFolder {
 public:
  /// Makes the folder if it is missing, locks it, and compares. Writes nothing else yet.
  DataFolder(const Options& options, std::size_t workers);

  /// Looks into the nodes' files, which nobody may have open, and throws if they cannot be used.
  /// Damaged ones are set aside, to be filled anew or, without replicas, to begin empty. To be
  /// called before the nodes start; for a job on this machine alone.
  void inspect_files(const LogSink& log);

  /// Notes that the folder is in use. To be called when all nodes have their files. Throws if too
  /// many of them are not up to date.
  void settle();

  /// Of one key's copies some may have got the latest writes and others not: the server that wrote
  /// them was killed, or the machine lost its power.
  [[nodiscard]] bool copies_may_differ() const noexcept { return copies_may_differ_; }
  void note_equal_copies();

  /// The nodes that were lost and not filled again, by their workers: their files are to be
  /// replaced.
  [[nodiscard]] std::vector<std::size_t> lost_workers() const;
  /// Those that were lost, too, but have what these have not: the least trusted first.
  [[nodiscard]] std::vector<std::size_t> stale_workers() const;

  /// Worker `worker` was lost at this place in the order; or is whole again. Is on the disk when
  /// it returns.
  void note(std::size_t worker, std::optional<std::uint64_t> lost_at);

  /// Notes that the folder is no longer in use: all that was ordered has come to all files.
  void leave();

 private:
  void compare(const std::string& name, const std::string& ours, const std::string& theirs) const;
  void inspect(std::uint32_t node, const LogSink& log);
  void set_aside(std::uint32_t node, const std::string& why, const LogSink& log);
  [[nodiscard]] std::vector<std::uint32_t> least_trusted_first() const;
  [[nodiscard]] std::size_t emptied_count() const;
  void check_lost() const;
  void write() const;

  const Options& options_;
  std::optional<FileLock> lock_;
  DataLayout layout_;
  bool settled_ = false;  ///< There is a layout.
  bool copies_may_differ_ = false;
};

/// For the launcher: sees to it that the server can start on its folder; throws if it cannot.
void prepare_data_folder(const Options& options);

}  // namespace pkv::server
