#include "pkv/memory_engine.hpp"

#include "base/hash.hpp"
#include "storage/hash_index.hpp"
#include "storage/record_heap.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace pkv {
namespace {

// As many lines as the memory system can usefully fetch at a time.
constexpr std::size_t prefetched_together = 32;

}  // namespace

MemoryEngine::MemoryEngine() : MemoryEngine(MemoryEngineOptions{}) {}

MemoryEngine::MemoryEngine(const MemoryEngineOptions& options)
    : options_(options),
      heap_(std::make_unique<RecordHeap>(options.max_record_bytes)),
      index_(std::make_unique<HashIndex>(options.hash != nullptr ? options.hash : hash_bytes)) {}

MemoryEngine::~MemoryEngine() {
  release_large_records();
}

result<ValueView> MemoryEngine::find(std::string_view key) {
  const HashIndex::Place place = index_->find(index_->hash(key), key);
  if (place.bucket == nullptr) return errc::key_not_found;
  const Record* record = place.record();
  return ValueView{record->value(), record->version};
}

result<void> MemoryEngine::put(std::string_view key, std::string_view value, Version version) {
  const std::uint64_t hash = index_->hash(key);
  const HashIndex::Place place = index_->find(hash, key);
  if (place.bucket == nullptr) return insert(hash, key, value, version);

  Record* record = place.record();
  if (size_class_of(Record::bytes_for(key.size(), value.size())) == record->place()) {
    record->set_value(value, version);
    return {};
  }
  Record* replacement = heap_->create(key, value.size());
  if (replacement == nullptr) return errc::out_of_memory;
  replacement->set_value(value, version);
  place.record() = replacement;
  release(record);
  return {};
}

result<std::size_t> MemoryEngine::append(std::string_view key, std::string_view tail,
                                         Version version) {
  const std::uint64_t hash = index_->hash(key);
  const HashIndex::Place place = index_->find(hash, key);
  if (place.bucket == nullptr) {
    const result<void> inserted = insert(hash, key, tail, version);
    if (!inserted) return inserted.error();
    return tail.size();
  }
  Record*& record = place.record();
  const std::size_t length = record->value_bytes + tail.size();
  const std::size_t room = capacity_of(record->place());
  if (Record::bytes_for(key.size(), length) > room && !enlarge(record, length)) {
    return errc::out_of_memory;
  }
  record->append_value(tail, version);
  return length;
}

result<bool> MemoryEngine::erase(std::string_view key) {
  const std::uint64_t hash = index_->hash(key);
  const HashIndex::Place place = index_->find(hash, key);
  if (place.bucket == nullptr) return false;
  Record* record = place.record();
  index_->erase(hash, place);
  release(record);
  return true;
}

result<void> MemoryEngine::clear() {
  release_large_records();
  heap_->clear();
  index_->clear();
  return {};
}

std::unique_ptr<StorageEngine> MemoryEngine::move_out() noexcept {
  try {
    auto moved = std::make_unique<MemoryEngine>(options_);
    heap_.swap(moved->heap_);
    index_.swap(moved->index_);
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

std::size_t MemoryEngine::count() const noexcept {
  return index_->count();
}

std::size_t MemoryEngine::bytes() const noexcept {
  return heap_->bytes() + index_->bytes();
}

void MemoryEngine::prefetch(std::span<const std::string_view> keys) const noexcept {
  for (; !keys.empty(); keys = keys.subspan(std::min(keys.size(), prefetched_together))) {
    std::array<HashIndex::Fetching, prefetched_together> fetching;
    const std::size_t count = std::min(keys.size(), prefetched_together);
    for (std::size_t i = 0; i < count; ++i)
      fetching[i] = index_->prefetch_bucket(index_->hash(keys[i]));
    if (count == 1) return;  // waiting for its bucket would gain nothing
    for (std::size_t i = 0; i < count; ++i)
      HashIndex::prefetch_record(fetching[i]);
  }
}

result<void> MemoryEngine::insert(std::uint64_t hash, std::string_view key, std::string_view value,
                                  Version version) {
  if (!index_->reserve()) return errc::out_of_memory;
  Record* record = heap_->create(key, value.size());
  if (record == nullptr) return errc::out_of_memory;
  record->set_value(value, version);
  index_->insert(hash, record);
  return {};
}

bool MemoryEngine::enlarge(Record*& record, std::size_t value_bytes) {
  const SizeClass wanted = size_class_of(Record::bytes_for(record->key_bytes, value_bytes));
  if (RecordHeap::is_large(record->place())) {
    Record* resized = heap_->resize(record, wanted);
    if (resized != nullptr) record = resized;
    return resized != nullptr;
  }
  Record* replacement = heap_->create(record->key(), value_bytes);
  if (replacement == nullptr) return false;
  replacement->set_value(record->value(), record->version);
  release(std::exchange(record, replacement));
  return true;
}

void MemoryEngine::release(Record* record) noexcept {
  const Record* moved_from = heap_->release(record);
  if (moved_from != nullptr) index_->repoint(moved_from, record);
}

void MemoryEngine::release_large_records() noexcept {
  if (!heap_->has_large_records()) return;
  index_->for_each([this](Record* record) {
    if (RecordHeap::is_large(record->place())) (void)heap_->release(record);
  });
}

}  // namespace pkv
