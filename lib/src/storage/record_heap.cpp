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
  assert(is_large(record->place()) && is_large(size_class));
  const std::size_t others = bytes_ - capacity_of(record->place());
  const std::size_t capacity = capacity_of(size_class);
  if (capacity > max_bytes_ - others) return nullptr;
  // The kernel moves the pages of a large block instead of copying them.
  void* moved = std::realloc(record, capacity);
  if (moved == nullptr) return nullptr;
  auto* resized = static_cast<Record*>(moved);
  resized->size_class = static_cast<std::uint8_t>(size_class);
  bytes_ = others + capacity;
  return resized;
}

Record* RecordHeap::release(Record* record) noexcept {
  const SizeClass size_class = record->place();
  const std::size_t capacity = capacity_of(size_class);
  bytes_ -= capacity;
  if (is_large(size_class)) {
    --large_records_;
    std::free(record);
    return nullptr;
  }
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
  if (capacity > max_bytes_ - bytes_) return nullptr;
  void* place = is_large(size_class) ? std::malloc(capacity) : allocate_in_slab(size_class);
  if (place == nullptr) return nullptr;
  bytes_ += capacity;
  if (is_large(size_class)) ++large_records_;
  return place;
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
