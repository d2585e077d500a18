#include "worker/range_sets.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace pkv {

RangeSet::RangeSet(const wire::RangesView& ranges) {
  ranges_.reserve(ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i)
    ranges_.push_back(ranges[i]);
}

bool RangeSet::contains(std::uint64_t ring_position) const noexcept {
  const auto range =
      std::lower_bound(ranges_.begin(), ranges_.end(), ring_position,
                       [](const wire::RingRange& each, std::uint64_t wanted) noexcept {
                         return each.last < wanted;
                       });
  return range != ranges_.end() && range->first <= ring_position;
}

result<void> RangeSets::define(const wire::RangesView& ranges) {
  const RangeSet* const present = find(ranges.set());
  const std::size_t others = bytes_ - (present == nullptr ? 0 : present->bytes());
  if (ranges.size() == 0) {
    sets_.erase(ranges.set());
    bytes_ = others;
    return {};
  }
  if (present == nullptr && sets_.size() == most_sets) return errc::out_of_memory;
  if (ranges.size() > (most_bytes - others) / sizeof(wire::RingRange)) return errc::out_of_memory;
  try {
    RangeSet set(ranges);
    const std::size_t bytes = set.bytes();
    sets_[ranges.set()] = std::move(set);
    bytes_ = others + bytes;
  } catch (const std::bad_alloc&) {
    return errc::out_of_memory;
  }
  return {};
}

const RangeSet* RangeSets::find(std::uint32_t set) const noexcept {
  const auto found = sets_.find(set);
  return found == sets_.end() ? nullptr : &found->second;
}

}  // namespace pkv
