#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace pkv::server {

/// How the entries of a store that lasts are spread over its nodes' files, and which of these are
/// to be trusted. It is in the file `pkv.layout` beside them, in lines of a name and a value:
///
///     format 1
///     workers 4
///     replicas 2
///     points 2048          of each node on the ring, or `nodes`
///     in_use               a server serves it, or was killed while it did
///     lost 3 1873...       node 3 has not got what was written from this place in the order on;
///                          0: nor all that was written before
///     damaged 2            node 2 has lost its file
///     end
struct DataLayout {
  std::size_t workers = 0;
  std::size_t replicas = 1;
  std::string points;
  bool in_use = false;
  std::map<std::uint32_t, std::uint64_t> lost;  ///< Nodes, and when.
  std::set<std::uint32_t> damaged;
};

/// Nothing if there is none. Errors: throws std::runtime_error in words that say what to do if the
/// layout is damaged, or of a format that this program does not know.
[[nodiscard]] std::optional<DataLayout> read_layout(const std::filesystem::path& folder);

/// Is on the disk, whole, when it returns. Errors: throws std::runtime_error, and what was there is
/// still there.
void write_layout(const std::filesystem::path& folder, const DataLayout& layout);

}  // namespace pkv::server
