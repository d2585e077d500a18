#include "worker/listing.hpp"

#include "base/glob.hpp"
#include "base/hash.hpp"
#include "wire/wire_reply.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pkv {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds longest_page{1000};
constexpr std::size_t large_page_bytes = std::size_t{64} << 10;

// Keys of one step of the scan. Few: the page can only end between two steps, and keys and
// pattern may be long.
constexpr std::size_t keys_per_step = 16;

}  // namespace

result<void> append_key_page(KVStore& store, const RangeSet& ranges,
                             const wire::ListRequest& request, ByteBuffer& to) {
  if (request.pattern.size() > GlobPattern::most_bytes) return errc::malformed_frame;
  const Clock::time_point begun = Clock::now();
  const GlobPattern pattern(request.pattern);
  const std::size_t reply_at = to.size();
  wire::begin_reply(to, wire::ReplyKind::value, wire::key_page_head_bytes);
  const std::size_t step_entries = std::min<std::size_t>(request.most_entries, keys_per_step);
  std::uint64_t position = request.from;
  std::size_t looked_at = 0;
  do {
    const result<ScanPage> step = store.scan_keys(position, step_entries);
    if (!step) return step.error();
    for (const EntryView& entry : step->entries)
      if (ranges.contains(hash_bytes(entry.key)) && pattern.matches(entry.key))
        wire::append_listed_key(to, entry.key);
    position = step->next == 0 ? wire::scan_end : step->next;
    // Expired ones are not in the step, but have been looked at.
    looked_at += std::max(step->entries.size(), step_entries);
  } while (position < wire::scan_end && looked_at < request.most_entries &&
           to.size() - reply_at < large_page_bytes && Clock::now() - begun < longest_page);
  wire::store_key_page_head(to.data() + reply_at + wire::reply_overhead_bytes, position);
  wire::finish_value(to, reply_at);
  return {};
}

}  // namespace pkv
