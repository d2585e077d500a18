#pragma once

#include "pkv/log.hpp"
#include "pkv/sqlite_inspection.hpp"

#include "pkv_server/data_spread.hpp"
#include "pkv_server/next_files.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pkv::server {

/// What is to be written anew, and how.
struct DataRewriting {
  std::filesystem::path folder;
  DataSpread from;
  /// Nodes whose files are not read.
  std::vector<std::uint32_t> emptied;
  /// Nodes whose files are read only where there are no others.
  std::vector<std::uint32_t> least_trusted_first;
  /// Files may have entries that their nodes do not hold: they are left out.
  bool has_leftovers = false;
  DataSpread to;
  LogSink log;
  StepWatch step;
};

/// A file that is read for a rewriting is damaged.
class DamagedSource : public DamagedFile {
 public:
  DamagedSource(std::uint32_t node, const std::string& what) : DamagedFile(what), node_(node) {}
  [[nodiscard]] std::uint32_t node() const noexcept { return node_; }

 private:
  std::uint32_t node_;
};

/// Writes all entries to the next files of the nodes that hold them when they are spread in the
/// other way, and returns their number, each key counted once. All are complete and on the disk
/// then. The files that are read stay as they are.
///
/// Of each key's copies the one that is taken is that of its KeyAuthority. Files are read and
/// written from beginning to end, side by side, as all are in the order of scan positions: the time
/// goes with the number of entries, and memory does not.
///
/// Requires: nobody has the files open.
/// Errors: throws DamagedSource if a file turns out to be damaged, std::exception in words if there
/// is no room or something else goes wrong. Then next files may be left.
[[nodiscard]] std::uint64_t rewrite(const DataRewriting& what);

}  // namespace pkv::server
