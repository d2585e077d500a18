#pragma once

#include "coordinator/ring_range.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace pkv {

/// Ring ranges in order of position, disjoint.
using RingRanges = std::vector<RingRange>;

/// What a transfer copies, and from where to where.
struct TransferPlan {
  std::uint32_t id = 0;  ///< Of this transfer alone: the number of its set of ranges.
  std::size_t source = 0;
  std::size_t destination = 0;
  std::shared_ptr<const RingRanges> ranges;
};

/// How far a transfer is.
struct TransferProgress {
  double share = 0;         ///< Of the scan positions that have been copied, 0 to 1.
  std::uint64_t keys = 0;   ///< Copied in pages.
  std::uint64_t bytes = 0;  ///< Of these, as encoded.
};

}  // namespace pkv
