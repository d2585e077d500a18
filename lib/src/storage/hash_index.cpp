#include "storage/hash_index.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

namespace pkv {
namespace {

// Entries per bucket. Beyond the first the index grows: 71 % of the places are in use then, which
// costs about 15 bytes per entry, and one find in eight looks at a second bucket. Below the second
// it shrinks; the distance keeps a store of constant size from doing both in turn.
constexpr std::size_t fullest = 5;
constexpr std::size_t emptiest = 4;

// As many lines as the memory system can usefully fetch at a time.
constexpr std::size_t prefetched_together = 32;

std::size_t bucket_before_split(std::size_t added) {
  return added ^ std::bit_floor(added);
}

}  // namespace

void HashIndex::insert(std::uint64_t hash, Record* record) noexcept {
  BucketChain chain = chain_of(hash);
  Bucket* end = chain.last();
  chain.append(end, tag_of(hash), record);
  ++count_;
  if (count_ > buckets_.size() * fullest) add_bucket();
}

void HashIndex::erase(std::uint64_t hash, Place place) noexcept {
  chain_of(hash).remove(place);
  --count_;
  if (buckets_.size() > BucketArray::smallest_size && count_ < buckets_.size() * emptiest) {
    remove_bucket();
  }
}

void HashIndex::repoint(const Record* former, Record* record) noexcept {
  const std::uint64_t hash = hash_(record->key());
  [[maybe_unused]] const bool found = chain_of(hash).find(tag_of(hash), [&](Place place) {
    if (place.record() != former) return false;
    place.record() = record;
    return true;
  });
  assert(found);
}

void HashIndex::add_bucket() noexcept {
  const std::size_t added = buckets_.size();
  const std::size_t source = bucket_before_split(added);
  BucketChain kept(buckets_[source], pool_);
  // Reserved for both halves, as either may get all of it.
  if (!pool_.reserve(BucketChain::buckets_for(kept.count()) + 1) || !buckets_.push_back()) return;

  BucketChain moved(buckets_[added], pool_);
  Bucket* end_of_kept = &buckets_[source];
  Bucket* end_of_moved = &buckets_[added];
  const std::uint64_t deciding_bit = std::bit_floor(added);
  kept.drain([&](std::uint8_t tag, Record* record) {
    if ((hash_(record->key()) & deciding_bit) != 0) {
      moved.append(end_of_moved, tag, record);
    } else {
      kept.append(end_of_kept, tag, record);
    }
  });
}

void HashIndex::remove_bucket() noexcept {
  const std::size_t removed = buckets_.size() - 1;
  BucketChain source(buckets_[removed], pool_);
  BucketChain target(buckets_[bucket_before_split(removed)], pool_);
  if (!pool_.reserve(BucketChain::buckets_for(source.count()))) return;

  Bucket* end = target.last();
  source.drain([&](std::uint8_t tag, Record* record) { target.append(end, tag, record); });
  buckets_.pop_back();
}

ScanCursor HashIndex::scan(ScanCursor cursor, std::size_t count, std::vector<EntryView>& entries) {
  constexpr ScanCursor end = ScanCursor{1} << position_bits;
  while (cursor < end) {
    const std::uint64_t hash = hash_at(cursor);
    chain_of(hash).for_each([&](std::uint8_t, const Record* record) {
      // After a merge the cursor may lie within a bucket; what is before it has been returned.
      if (position_of(hash_(record->key())) < cursor) return;
      const ValueView view = record->view();
      entries.push_back({record->key(), view.value, view.version, view.expires_at});
    });
    cursor = end_of_bucket(cursor);
    if (entries.size() >= count || cursor == 0) return cursor;
  }
  return 0;
}

ScanCursor HashIndex::end_of_bucket(ScanCursor cursor) const noexcept {
  constexpr ScanCursor end = ScanCursor{1} << position_bits;
  const ScanCursor positions_per_bucket = end >> bits_of(hash_at(cursor));
  const ScanCursor next = (cursor | (positions_per_bucket - 1)) + 1;
  return next < end ? next : 0;
}

void HashIndex::prefetch(std::span<const std::string_view> keys) const noexcept {
  for (; !keys.empty(); keys = keys.subspan(std::min(keys.size(), prefetched_together))) {
    std::array<Fetching, prefetched_together> fetching;
    const std::size_t count = std::min(keys.size(), prefetched_together);
    for (std::size_t i = 0; i < count; ++i)
      fetching[i] = prefetch_bucket(hash(keys[i]));
    if (count == 1) return;  // waiting for its bucket would gain nothing
    for (std::size_t i = 0; i < count; ++i)
      prefetch_record(fetching[i]);
  }
}

HashIndex::Fetching HashIndex::prefetch_bucket(std::uint64_t hash) const noexcept {
  Bucket* const bucket = &buckets_[bucket_of(hash)];
  prefetch_line(bucket);
  return {bucket, tag_of(hash)};
}

/// Reads the bucket; fetches the records that may be the one, and the bucket where it goes on.
void HashIndex::prefetch_record(const Fetching& fetching) noexcept {
  Bucket& bucket = *fetching.bucket;
  if (bucket.chained()) prefetch_line(bucket.next());
  for (Bucket::Matches matches = bucket.match(fetching.tag); !matches.empty();) {
    bucket.record(matches.take())->prefetch();
  }
}

void HashIndex::clear() noexcept {
  buckets_.clear();
  pool_.clear();
  count_ = 0;
}

}  // namespace pkv
