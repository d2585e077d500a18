#include "worker/page_walk.hpp"

#include "base/hash.hpp"
#include "storage/scan_position.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace pkv {
namespace {

static_assert(wire::scan_end == std::uint64_t{1} << position_bits);

// Entries of one step of the scan: few, as those beyond the limits have been looked at in vain.
constexpr std::size_t entries_per_step = 64;

struct Placed {
  std::uint64_t position;
  EntryView entry;
};

/// Those of the entries that are in the ranges and before `end`, in order. Replaces `placed`.
void place(const std::vector<EntryView>& entries, const RangeSet& ranges, std::uint64_t end,
           std::vector<Placed>& placed) {
  placed.clear();
  for (const EntryView& entry : entries) {
    // The hash is both: the place on the ring, and in the scan.
    const std::uint64_t hash = hash_bytes(entry.key);
    const std::uint64_t position = position_of(hash);
    if (position < end && ranges.contains(hash)) placed.push_back({position, entry});
  }
  std::sort(placed.begin(), placed.end(),
            [](const Placed& left, const Placed& right) { return left.position < right.position; });
}

/// How many at the front share a position.
/// Requires: !placed.empty().
std::size_t first_group(std::span<const Placed> placed) noexcept {
  std::size_t count = 1;
  while (count < placed.size() && placed[count].position == placed[0].position)
    ++count;
  return count;
}

std::uint64_t bytes_of(std::span<const Placed> group) noexcept {
  std::uint64_t bytes = 0;
  for (const Placed& each : group)
    bytes += wire::encoded_bytes(
        {each.entry.key, each.entry.value, each.entry.version, each.entry.expires_at});
  return bytes;
}

}  // namespace

result<std::uint64_t> walk_page(KVStore& store, const RangeSet& ranges,
                                const wire::CopyRequest& request,
                                const std::function<void(const EntryView&)>& visit) {
  const std::size_t step_entries = std::min<std::size_t>(request.most_entries, entries_per_step);
  std::vector<Placed> placed;
  std::uint64_t position = request.from;
  std::uint64_t bytes = 0;
  std::size_t looked_at = 0;
  while (position < request.to) {
    const result<ScanPage> step = store.scan(position, step_entries);
    if (!step) return step.error();
    const std::uint64_t step_end = step->next == 0 ? wire::scan_end : step->next;
    const std::uint64_t end = std::min(step_end, request.to);
    place(step->entries, ranges, end, placed);
    for (std::span<const Placed> rest = placed; !rest.empty();) {
      const std::span<const Placed> group = rest.first(first_group(rest));
      const std::uint64_t more = bytes_of(group);
      if (bytes > 0 && bytes + more > request.most_bytes) return group.front().position;
      for (const Placed& each : group)
        visit(each.entry);
      bytes += more;
      rest = rest.subspan(group.size());
    }
    position = end;
    // Expired ones are not in the step, but have been looked at.
    looked_at += std::max(step->entries.size(), step_entries);
    if (looked_at >= request.most_entries) break;
  }
  return position;
}

}  // namespace pkv
