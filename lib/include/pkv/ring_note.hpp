#pragma once

#include "pkv/ring_types.hpp"

#include <cstdint>
#include <vector>

namespace pkv {

/// What is to be noted beside the nodes' files of a change of the ring.
struct RingNote {
  enum class Stage {
    changing,  ///< Files may get entries that are not their nodes', by the ring noted before.
    changed,   ///< `nodes` are on the ring, and have all entries; none of them is lost. Files may
               ///< still have entries that are not their nodes'.
    clean,     ///< They have not, any more.
  };
  Stage stage = Stage::clean;
  // When it has changed:
  std::vector<RingNode> nodes{};
  std::uint64_t settled_until = 0;  ///< All up to this place in the order has been done everywhere.
};

}  // namespace pkv
