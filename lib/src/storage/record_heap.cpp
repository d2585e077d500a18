#include "storage/record_heap.hpp"

#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace pkv {

Record* RecordHeap::create(std::string_view key, std::size_t value_bytes, bool expires) noexcept {
  const SizeClass size_class = size_class_of(Record::bytes_for(key.size(), value_bytes, expires));
  void* place = allocate(size_class);
  if (place == nullptr) return nullptr;
  auto* record = new (place) Record{};
  record->key_bytes = key.size() & largest_max_key_bytes;
  record->size_class = static_cast<std::uint8_t>(size_class);
  record->set_key(key);
  return record;
}

Record* RecordHeap::resize(Record* record, SizeClass size_class) noexcept {
  assert(is_large(record->place()) && is_large(size_class) && !is_shared(*record));
  ValueBlock& block = block_of(*record);
  const std::size_t others = bytes_ - block.allocated;
  const std::size_t before = block.before;
  const std::size_t allocated = before + sizeof(ValueBlock) + capacity_of(size_class);
  if (allocated > max_bytes_ - others) return nullptr;
  // The kernel moves the pages of a large block instead of copying them.
  void* memory = std::realloc(block.memory(), allocated);
  if (memory == nullptr) return nullptr;
  auto* moved = reinterpret_cast<ValueBlock*>(static_cast<char*>(memory) + before);
  moved->allocated = allocated;
  auto* resized = reinterpret_cast<Record*>(moved + 1);
  resized->size_class = static_cast<std::uint8_t>(size_class);
  bytes_ = others + allocated;
  return resized;
}

Record* RecordHeap::release(Record* record) noexcept {
  const SizeClass size_class = record->place();
  if (is_large(size_class)) {
    ValueBlock& block = block_of(*record);
    bytes_ -= block.allocated;
    --large_records_;
    block.drop_reference();
    return nullptr;
  }
  const std::size_t capacity = capacity_of(size_class);
  bytes_ -= capacity;
  SlabStack& stack = stacks_[static_cast<std::size_t>(size_class)];
  auto* last = static_cast<Record*>(place_in(stack.top, --stack.used, capacity));
  const bool moves = last != record;
  if (moves) std::memcpy(static_cast<void*>(record), last, last->bytes());
  if (stack.used == 0) pop_slab(stack);
  return moves ? last : nullptr;
}

void RecordHeap::clear() noexcept {
  assert(!has_large_records());
  for (SlabStack& stack : stacks_) {
    while (stack.top != nullptr)
      pop_slab(stack);
  }
  if (spare_ != nullptr) unmap_pages(std::exchange(spare_, nullptr), slab_bytes);
  bytes_ = 0;
}

void* RecordHeap::allocate(SizeClass size_class) noexcept {
  const std::size_t capacity = capacity_of(size_class);
  if (is_large(size_class)) return allocate_large(capacity);
  if (capacity > max_bytes_ - bytes_) return nullptr;
  void* place = allocate_in_slab(size_class);
  if (place != nullptr) bytes_ += capacity;
  return place;
}

void* RecordHeap::allocate_large(std::size_t capacity) noexcept {
  const std::size_t allocated = sizeof(ValueBlock) + capacity;
  if (allocated > max_bytes_ - bytes_) return nullptr;
  void* memory = std::malloc(allocated);
  if (memory == nullptr) return nullptr;
  auto* block = new (memory) ValueBlock{.allocated = allocated};
  bytes_ += allocated;
  ++large_records_;
  return block + 1;
}

/// The key and the value are where a record has them: what was before the key is written over.
Record* RecordHeap::adopt(ReceivedEntry& entry, bool expires) noexcept {
  constexpr std::size_t head_bytes = sizeof(ValueBlock) + sizeof(Record);
  constexpr std::size_t most_before = 64;
  const std::size_t bytes = Record::bytes_for(entry.key.size(), entry.value.size(), expires);
  const SizeClass size_class = size_class_of(bytes);
  const auto key_at = static_cast<std::size_t>(entry.key.data() - entry.memory.get());
  const std::size_t before = key_at - head_bytes;  // wraps round if there is not so much
  const bool sound = is_large(size_class) && before <= most_before &&
                     before % alignof(ValueBlock) == 0 &&
                     entry.key.data() + entry.key.size() == entry.value.data();
  if (!sound) return nullptr;
  const std::size_t needed = key_at - sizeof(Record) + bytes;
  if (entry.memory_bytes < needed || entry.memory_bytes - needed > needed / 8) return nullptr;
  if (entry.memory_bytes > max_bytes_ - bytes_) return nullptr;

  auto* block =
      new (entry.memory.get() + before) ValueBlock{.allocated = entry.memory_bytes,
                                                   .checksum = entry.checksum.value_or(0),
                                                   .before = static_cast<std::uint16_t>(before),
                                                   .checksum_known = entry.checksum.has_value()};
  auto* record = new (block + 1) Record{};
  record->key_bytes = entry.key.size() & largest_max_key_bytes;
  record->value_bytes = entry.value.size() & largest_max_value_bytes;
  record->size_class = static_cast<std::uint8_t>(size_class);
  (void)entry.memory.release();
  bytes_ += entry.memory_bytes;
  ++large_records_;
  return record;
}

void* RecordHeap::allocate_in_slab(SizeClass size_class) noexcept {
  SlabStack& stack = stacks_[static_cast<std::size_t>(size_class)];
  const std::size_t capacity = capacity_of(size_class);
  const bool full = stack.top == nullptr || stack.used == records_per_slab(capacity);
  if (full && !push_slab(stack)) return nullptr;
  return place_in(stack.top, stack.used++, capacity);
}

bool RecordHeap::push_slab(SlabStack& stack) noexcept {
  void* memory = spare_ != nullptr ? spare_ : map_pages(slab_bytes);
  if (memory == nullptr) return false;
  spare_ = nullptr;
  stack.top = new (memory) Slab{stack.top};
  stack.used = 0;
  return true;
}

void RecordHeap::pop_slab(SlabStack& stack) noexcept {
  Slab* emptied = stack.top;
  stack.top = emptied->below;
  const auto index = static_cast<std::size_t>(&stack - stacks_.data());
  stack.used =
      stack.top == nullptr ? 0 : records_per_slab(capacity_of(static_cast<SizeClass>(index)));
  if (spare_ == nullptr) {
    spare_ = emptied;
  } else {
    unmap_pages(emptied, slab_bytes);
  }
}

}  // namespace pkv
