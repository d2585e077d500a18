#pragma once

#include "base/file_lock.hpp"
#include "pkv_server/options.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pkv::server {

/// Where node `node` keeps its entries.
[[nodiscard]] std::filesystem::path node_file(const Options& options, std::uint32_t node);

/// What rank 0 keeps in the folder of a store that lasts: a lock, so that one server at a time
/// serves it, and a file `pkv.layout` that says how the entries are spread over the nodes' files,
/// in lines of a name and a value:
///
///     format 1
///     workers 4
///     replicas 2
///     points 2048          of each node on the ring, or `nodes`
///     lost 3 1873...       node 3 is not to be trusted with what was written from this on
///
/// Thread safety: none.
/// Errors: std::runtime_error, in words that say what to do.
class DataFolder {
 public:
  /// Makes the folder if it is missing, locks it, and compares. Writes nothing else yet.
  DataFolder(const Options& options, std::size_t workers);

  /// Looks into the nodes' files, which nobody may have open, and throws if they cannot be used.
  /// To be called before the nodes start; for a job on this machine alone.
  void inspect_files();

  /// Writes `pkv.layout`, if it is not there. To be called when all nodes have their files. Throws
  /// if too many of them are not up to date.
  void settle();

  /// The nodes that were lost and not filled again, by their workers: their files are to be
  /// replaced.
  [[nodiscard]] std::vector<std::size_t> lost_workers() const;

  /// Worker `worker` was lost at this place in the order; or is whole again. Is on the disk when
  /// it returns.
  void note(std::size_t worker, std::optional<std::uint64_t> lost_at);

 private:
  void read_layout();
  void check_lost() const;
  void compare(const std::string& name, const std::string& ours, const std::string& theirs) const;
  void write_layout() const;
  [[nodiscard]] std::filesystem::path layout_file() const;

  const Options& options_;
  std::size_t workers_;
  std::optional<FileLock> lock_;
  bool settled_ = false;
  std::map<std::uint32_t, std::uint64_t> lost_;  // nodes, and when
};

/// For the launcher: whether the server can start on its folder; throws if not.
void check_data_folder(const Options& options);

}  // namespace pkv::server
