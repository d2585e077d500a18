#include "pkv/memory_engine.hpp"

#include "base/hash.hpp"
#include "storage/expiry_heap.hpp"
#include "storage/hash_index.hpp"
#include "storage/record_heap.hpp"

#include <cstddef>
#include <new>
#include <string>
#include <utility>

namespace pkv {

/// An entry as it is to be written.
struct MemoryEngine::Entry {
  std::string_view value;
  Version version;
  Timestamp expires_at;
  ReceivedEntry* received = nullptr;  ///< The value lies in its memory, which is to be kept.
};

MemoryEngine::MemoryEngine() : MemoryEngine(MemoryEngineOptions{}) {}

MemoryEngine::MemoryEngine(const MemoryEngineOptions& options)
    : options_(options),
      heap_(std::make_unique<RecordHeap>(options.max_record_bytes)),
      index_(std::make_unique<HashIndex>(options.hash != nullptr ? options.hash : hash_bytes)),
      expiries_(std::make_unique<ExpiryHeap>()) {}

MemoryEngine::~MemoryEngine() {
  release_large_records();
}

result<ValueView> MemoryEngine::find(std::string_view key) {
  const HashIndex::Place place = index_->find(index_->hash(key), key);
  if (place.bucket == nullptr) return errc::key_not_found;
  return place.record()->view();
}

result<void> MemoryEngine::put(std::string_view key, std::string_view value, Version version,
                               Timestamp expires_at) {
  const std::uint64_t hash = index_->hash(key);
  const HashIndex::Place place = index_->find(hash, key);
  if (place.bucket == nullptr) return insert(hash, key, {value, version, expires_at});

  Record*& record = place.record();
  const bool expires = expires_at != never || record->expires != 0;
  if (expires || !RecordHeap::suits(*record, Record::bytes_for(key.size(), value.size())))
    return replace(record, {value, version, expires_at});
  RecordHeap::forget_checksum(*record);
  record->set_value(value, version);
  return {};
}

result<void> MemoryEngine::adopt(ReceivedEntry& entry, Version version, Timestamp expires_at) {
  const std::uint64_t hash = index_->hash(entry.key);
  const HashIndex::Place place = index_->find(hash, entry.key);
  const Entry written{entry.value, version, expires_at, &entry};
  return place.bucket == nullptr ? insert(hash, entry.key, written)
                                 : replace(place.record(), written);
}

SharedValue MemoryEngine::share(std::string_view key) {
  const HashIndex::Place place = index_->find(index_->hash(key), key);
  if (place.bucket == nullptr || !RecordHeap::is_large(place.record()->place())) return {};
  return RecordHeap::share(*place.record());
}

/// Makes a record with the value. Without a time of expiry, but with room for it if there is one.
Record* MemoryEngine::create(std::string_view key, const Entry& entry) noexcept {
  Record* record = heap_->create(key, entry.value.size(), entry.expires_at != never);
  if (record != nullptr) record->set_value(entry.value, entry.version);
  return record;
}

/// The same in the entry's own memory. Null if there is none, or it cannot be kept.
Record* MemoryEngine::adopt(const Entry& entry) noexcept {
  if (entry.received == nullptr) return nullptr;
  Record* record = heap_->adopt(*entry.received, entry.expires_at != never);
  if (record != nullptr) record->version = entry.version;
  return record;
}

/// What put() does where a record needs another place, or has or gets a time of expiry.
result<void> MemoryEngine::replace(Record*& record, const Entry& entry) {
  Record* const former = record;
  const std::string_view key = former->key();
  const bool expires = entry.expires_at != never;
  const bool comes = expires && former->expires == 0;
  if (comes && !expiries_->claim_slot()) return errc::out_of_memory;

  const std::size_t bytes = Record::bytes_for(key.size(), entry.value.size(), expires);
  Record* replacement = adopt(entry);
  if (replacement == nullptr)
    replacement = RecordHeap::suits(*former, bytes) ? former : create(key, entry);
  if (replacement == nullptr) {
    if (comes) expiries_->give_slot_back();
    return errc::out_of_memory;
  }
  if (!expires && former->expires != 0) expiries_->remove(*former);
  const RecordExpiry expiry = former->expires != 0 ? former->expiry() : RecordExpiry{};
  if (replacement == former) {
    RecordHeap::forget_checksum(*former);
    former->expires = 0;
    former->set_value(entry.value, entry.version);
  }
  if (comes) {
    expiries_->fill_slot(*replacement, entry.expires_at);
  } else if (expires) {
    replacement->set_expiry(expiry);
    expiries_->change(*replacement, entry.expires_at);
  }
  record = replacement;
  if (replacement != former) release(former);
  return {};
}

result<std::size_t> MemoryEngine::append(std::string_view key, std::string_view tail,
                                         Version version) {
  const std::uint64_t hash = index_->hash(key);
  const HashIndex::Place place = index_->find(hash, key);
  if (place.bucket == nullptr) {
    const result<void> inserted = insert(hash, key, {tail, version, never});
    if (!inserted) return inserted.error();
    return tail.size();
  }
  Record*& record = place.record();
  const std::size_t length = record->value_bytes + tail.size();
  const std::size_t room = RecordHeap::room_of(*record);
  const bool expires = record->expires != 0;
  if (Record::bytes_for(key.size(), length, expires) > room && !enlarge(record, length)) {
    return errc::out_of_memory;
  }
  RecordHeap::forget_checksum(*record);
  record->append_value(tail, version);
  return length;
}

result<void> MemoryEngine::set_expiry(std::string_view key, Version version, Timestamp expires_at) {
  const HashIndex::Place place = index_->find(index_->hash(key), key);
  if (place.bucket == nullptr) return errc::key_not_found;
  Record* const record = place.record();
  if (record->expires != 0 && expires_at != never) {
    record->version = version;
    expiries_->change(*record, expires_at);
    return {};
  }
  // The record has too little room, or too much. Its value lies where it would be written to.
  const std::string value(record->value());
  return replace(place.record(), {value, version, expires_at});
}

result<bool> MemoryEngine::erase(std::string_view key, Timestamp now) {
  const std::uint64_t hash = index_->hash(key);
  const HashIndex::Place place = index_->find(hash, key);
  if (place.bucket == nullptr) return false;
  Record* record = place.record();
  if (record->expires != 0) {
    if (has_expired(record->expiry().at, now)) return false;
    expiries_->remove(*record);
  }
  index_->erase(hash, place);
  release(record);
  return true;
}

result<void> MemoryEngine::clear() {
  release_large_records();
  heap_->clear();
  index_->clear();
  expiries_->clear();
  return {};
}

std::unique_ptr<StorageEngine> MemoryEngine::move_out() noexcept {
  try {
    auto moved = std::make_unique<MemoryEngine>(options_);
    heap_.swap(moved->heap_);
    index_.swap(moved->index_);
    expiries_.swap(moved->expiries_);
    return moved;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

result<ScanPage> MemoryEngine::scan(ScanCursor cursor, std::size_t count) {
  try {
    ScanPage page;
    page.next = index_->scan(cursor, count, page.entries);
    return page;
  } catch (const std::bad_alloc&) {
    return errc::out_of_memory;
  }
}

result<std::size_t> MemoryEngine::remove_expired(Timestamp now, std::size_t most) {
  std::size_t removed = 0;
  while (removed < most) {
    Record* const record = expiries_->first_expired(now);
    if (record == nullptr) break;
    const std::uint64_t hash = index_->hash(record->key());
    index_->erase(hash, index_->find(hash, record->key()));
    expiries_->remove(*record);
    release(record);
    ++removed;
  }
  return removed;
}

std::size_t MemoryEngine::count() const noexcept {
  return index_->count();
}

std::size_t MemoryEngine::count_expired(Timestamp now) const noexcept {
  return expiries_->count_expired(now);
}

Timestamp MemoryEngine::earliest_expiry() const noexcept {
  return expiries_->earliest();
}

std::size_t MemoryEngine::count_expiring() const noexcept {
  return expiries_->size();
}

std::size_t MemoryEngine::bytes() const noexcept {
  return heap_->bytes() + index_->bytes() + expiries_->bytes();
}

void MemoryEngine::prefetch(std::span<const std::string_view> keys) const noexcept {
  index_->prefetch(keys);
}

result<void> MemoryEngine::insert(std::uint64_t hash, std::string_view key, const Entry& entry) {
  const bool expires = entry.expires_at != never;
  if (!index_->reserve()) return errc::out_of_memory;
  if (expires && !expiries_->claim_slot()) return errc::out_of_memory;
  Record* record = adopt(entry);
  if (record == nullptr) record = create(key, entry);
  if (record == nullptr) {
    if (expires) expiries_->give_slot_back();
    return errc::out_of_memory;
  }
  if (expires) expiries_->fill_slot(*record, entry.expires_at);
  index_->insert(hash, record);
  return {};
}

bool MemoryEngine::enlarge(Record*& record, std::size_t value_bytes) {
  const bool expires = record->expires != 0;
  const SizeClass wanted =
      size_class_of(Record::bytes_for(record->key_bytes, value_bytes, expires));
  if (RecordHeap::is_large(record->place()) && !RecordHeap::is_shared(*record)) {
    Record* resized = heap_->resize(record, wanted);
    if (resized == nullptr) return false;
    record = resized;
    if (expires) expiries_->moved(*resized);
    return true;
  }
  Record* replacement = heap_->create(record->key(), value_bytes, expires);
  if (replacement == nullptr) return false;
  replacement->set_value(record->value(), record->version);
  if (expires) {
    replacement->set_expiry(record->expiry());
    expiries_->moved(*replacement);
  }
  release(std::exchange(record, replacement));
  return true;
}

void MemoryEngine::release(Record* record) noexcept {
  const Record* moved_from = heap_->release(record);
  if (moved_from == nullptr) return;
  index_->repoint(moved_from, record);
  if (record->expires != 0) expiries_->moved(*record);
}

void MemoryEngine::release_large_records() noexcept {
  if (!heap_->has_large_records()) return;
  index_->for_each([this](Record* record) {
    if (RecordHeap::is_large(record->place())) (void)heap_->release(record);
  });
}

}  // namespace pkv
