#pragma once

#include "pkv/ring_note.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>

namespace pkv {

/// What can be done about the processes of nodes. Functions may be empty: then it cannot be done.
struct ClusterProcesses {
  /// Ends the process if it is still the one of this epoch, and starts another if they `come_back`.
  std::function<void(std::size_t worker, std::uint32_t epoch)> replace;
  /// Kills it, for tests.
  std::function<void(std::size_t worker)> kill;
  bool come_back = true;
  /// Their entries are in files, of which a later server has to know what it will find in them.
  bool entries_last = false;
  /// See ServerOptions.
  std::function<void(std::size_t worker, std::optional<std::uint64_t> lost_at,
                     std::uint64_t settled_until)>
      note_whole{};
  std::function<void(const std::map<std::size_t, std::uint64_t>& lost_at,
                     std::uint64_t settled_until)>
      note_trust{};
  std::function<bool(const RingNote&)> note_ring{};
};

}  // namespace pkv
