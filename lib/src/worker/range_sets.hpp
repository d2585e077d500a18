#pragma once

#include "pkv/errc.hpp"

#include "wire/copying.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace pkv {

/// Ranges of ring positions.
class RangeSet {
 public:
  RangeSet() = default;
  explicit RangeSet(const wire::RangesView& ranges);

  [[nodiscard]] bool contains(std::uint64_t ring_position) const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept {
    return ranges_.size() * sizeof(wire::RingRange);
  }

 private:
  std::vector<wire::RingRange> ranges_;  // in order and disjoint
};

/// The sets of ranges that a node has been told, by number. They live as long as its process.
///
/// Thread safety: none.
/// Lifetime: what find() returns is good until the next define().
/// Errors: define() returns errc::out_of_memory beyond `most_sets` or `most_bytes`, and leaves
/// everything as it was.
class RangeSets {
 public:
  static constexpr std::size_t most_sets = 1'024;
  /// Of all sets together: four million ranges.
  static constexpr std::size_t most_bytes = std::size_t{64} << 20;

  /// Adds a set, or replaces the one of that number; without any ranges, forgets it.
  [[nodiscard]] result<void> define(const wire::RangesView& ranges);

  /// Null if there is none of that number.
  [[nodiscard]] const RangeSet* find(std::uint32_t set) const noexcept;

 private:
  std::map<std::uint32_t, RangeSet> sets_;
  std::size_t bytes_ = 0;
};

}  // namespace pkv
