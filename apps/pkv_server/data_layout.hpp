#pragma once

#include "pkv_server/data_spread.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

namespace pkv::server {

/// How the entries of a store that lasts are spread over its nodes' files, and which of these are
/// to be trusted. It is in the file `pkv.layout` beside them, in lines of a name and a value:
///
///     format 1             2 if there are weights, or files that are to take others' places; 3 if
///                          there is one of the lines `settled`, `completed`, `leftovers` and `off`
///     workers 4
///     weights 1 1 2 1      of the nodes, if they are not all 1
///     off 4                node 4 is not on the ring, and holds nothing
///     replicas 2
///     points 2048          of each node on the ring, or `nodes`
///     in_use               a server serves it, or was killed while it did
///     lost 3 1873...       node 3 has not got what was written from this place in the order on, to
///                          keys that nodes hold which are whole or were lost later; 0: nor all
///                          that was written before
///     damaged 2            node 2 has lost its file
///     leftovers            files may have entries that their nodes do not hold: the ring was being
///                          changed, and is the one that is told here
///     replacing 3          the store is in the files node-N.db.next, which are to take the places
///                          of files of 3 nodes; those that are not there have done so
///     rewritten 1000 12    1000 entries were written anew for this, in 12 ms
///     settled 1873...      commands up to this place in the order are whole at all nodes, or were
///                          told to have failed
///     completed 3          of those behind it, 3 were not, and were completed for the next server
///     end
struct DataLayout {
  DataSpread spread;
  bool in_use = false;
  std::map<std::uint32_t, std::uint64_t> lost;  ///< Nodes, and when.
  std::set<std::uint32_t> damaged;
  bool leftovers = false;
  std::size_t replacing = 0;  ///< The number of nodes before; 0: no files wait.
  struct Rewritten {
    std::uint64_t entries = 0;
    std::chrono::milliseconds time{0};
  };
  std::optional<Rewritten> rewritten;      ///< Until a server has taken notice.
  std::uint64_t settled_until = 0;         ///< 0: no server has kept records of commands.
  std::optional<std::uint64_t> completed;  ///< Until a server has taken notice.

  /// A server was killed, and what it has left has not been looked at.
  [[nodiscard]] bool may_have_torn_commands() const noexcept {
    return in_use && settled_until > 0 && !completed;
  }
};

/// Nothing if there is none. Errors: throws std::runtime_error in words that say what to do if the
/// layout is damaged, or of a format that this program does not know.
[[nodiscard]] std::optional<DataLayout> read_layout(const std::filesystem::path& folder);

/// Is on the disk, whole, when it returns. Errors: throws std::runtime_error, and what was there is
/// still there.
void write_layout(const std::filesystem::path& folder, const DataLayout& layout);

}  // namespace pkv::server
