#include "storage/entry_cache.hpp"

#include "base/hash.hpp"

#include <algorithm>

namespace pkv {
namespace {

/// So that one entry does not drive many others out.
constexpr std::size_t least_entries = 64;

}  // namespace

EntryCache::EntryCache(std::size_t most_bytes)
    : most_bytes_(most_bytes),
      most_entry_bytes_(std::min(largest_entry_bytes, most_bytes / least_entries)),
      heap_(most_bytes),
      index_(hash_bytes) {}

std::optional<ValueView> EntryCache::find(std::string_view key) noexcept {
  const HashIndex::Place place = index_.find(index_.hash(key), key);
  if (place.bucket == nullptr) return std::nullopt;
  place.record()->wanted = 1;
  return place.record()->view();
}

void EntryCache::keep(std::string_view key, const ValueView& entry) noexcept {
  if (!store(key, entry)) forget(key);
}

/// Makes or replaces the record. False, and of its key nothing has changed, if there is no room.
bool EntryCache::store(std::string_view key, const ValueView& entry) noexcept {
  const bool expires = entry.expires_at != never;
  const std::size_t bytes = Record::bytes_for(key.size(), entry.value.size(), expires);
  if (bytes > most_entry_bytes_ || !make_room(capacity_of(size_class_of(bytes)))) return false;
  const std::uint64_t hash = index_.hash(key);
  const HashIndex::Place place = index_.find(hash, key);
  Record* const former = place.bucket != nullptr ? place.record() : nullptr;
  Record* record = former;
  if (former == nullptr || !RecordHeap::suits(*former, bytes)) {
    if (former == nullptr && !index_.reserve()) return false;
    record = heap_.create(key, entry.value.size(), expires);
    if (record == nullptr) return false;
  }
  record->expires = 0;
  record->set_value(entry.value, entry.version);
  if (expires) record->set_expiry({entry.expires_at, 0});
  if (former == nullptr) {
    index_.insert(hash, record);
  } else if (former != record) {
    record->wanted = former->wanted;
    place.record() = record;
    release(former);
  }
  return true;
}

void EntryCache::forget(std::string_view key) noexcept {
  const HashIndex::Place place = index_.find(index_.hash(key), key);
  if (place.bucket != nullptr) erase(place);
}

void EntryCache::forget_all() noexcept {
  heap_.clear();
  index_.clear();
  hand_ = 0;
}

/// False if the cache is too small for it.
bool EntryCache::make_room(std::size_t bytes) noexcept {
  // The hand may have to go round twice: at first everything may have been looked for.
  for (unsigned rounds = 0; this->bytes() + bytes > most_bytes_ && rounds <= 2;) {
    if (Record* const victim = pass_bucket(); victim != nullptr)
      erase(index_.find(index_.hash(victim->key()), victim->key()));
    if (hand_ == 0) ++rounds;
  }
  return this->bytes() + bytes <= most_bytes_;
}

/// Moves the hand on by a bucket. Returns an entry that may go, if there is one.
Record* EntryCache::pass_bucket() noexcept {
  Record* victim = nullptr;
  hand_ = index_.visit_bucket(hand_, [&victim](Record& record) {
    if (record.wanted == 0) victim = &record;
    record.wanted = 0;
  });
  return victim;
}

void EntryCache::erase(HashIndex::Place place) noexcept {
  Record* const record = place.record();
  index_.erase(index_.hash(record->key()), place);
  release(record);
}

void EntryCache::release(Record* record) noexcept {
  const Record* const moved_from = heap_.release(record);
  if (moved_from != nullptr) index_.repoint(moved_from, record);
}

}  // namespace pkv
