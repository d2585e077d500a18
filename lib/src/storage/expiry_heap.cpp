#include "storage/expiry_heap.hpp"

#include "storage/record.hpp"

#include <algorithm>
#include <new>

namespace pkv {
namespace {

constexpr std::size_t children = 4;

constexpr std::size_t parent_of(std::size_t slot) noexcept {
  return (slot - 1) / children;
}

constexpr std::size_t first_child_of(std::size_t slot) noexcept {
  return slot * children + 1;
}

}  // namespace

bool ExpiryHeap::claim_slot() noexcept {
  if (items_.size() == most_records) return false;
  try {
    items_.push_back({});
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void ExpiryHeap::fill_slot(Record& record, Timestamp at) noexcept {
  settle(items_.size() - 1, {at, &record});
}

void ExpiryHeap::change(Record& record, Timestamp at) noexcept {
  settle(record.expiry().slot, {at, &record});
}

void ExpiryHeap::remove(const Record& record) noexcept {
  const std::size_t slot = record.expiry().slot;
  const Item last = items_.back();
  items_.pop_back();
  if (slot < items_.size()) settle(slot, last);
}

void ExpiryHeap::moved(Record& record) noexcept {
  items_[record.expiry().slot].record = &record;
}

Record* ExpiryHeap::first_expired(Timestamp now) const noexcept {
  return items_.empty() || items_.front().at > now ? nullptr : items_.front().record;
}

std::size_t ExpiryHeap::count_expired(Timestamp now) const noexcept {
  // Below one that is not there is none that is. In the order of the slots, level by level, the
  // expired ones of each level are children of expired ones: walked as a depth-first search that
  // needs no memory, by going up where there is no sibling left.
  if (items_.empty() || items_.front().at > now) return 0;
  std::size_t count = 1;
  std::size_t slot = first_child_of(0);
  for (;;) {
    if (slot < items_.size() && items_[slot].at <= now) {
      ++count;
      slot = first_child_of(slot);
      continue;
    }
    while (slot != 0 && slot % children == 0)  // the last child: back to its parent
      slot = parent_of(slot);
    if (slot == 0) return count;
    ++slot;
  }
}

/// Puts an item into a slot whose own is of no account any more, or where the order needs it.
void ExpiryHeap::settle(std::size_t slot, Item item) noexcept {
  while (slot > 0 && items_[parent_of(slot)].at > item.at) {
    place(slot, items_[parent_of(slot)]);
    slot = parent_of(slot);
  }
  for (;;) {
    const std::size_t begin = first_child_of(slot);
    const std::size_t end = std::min(begin + children, items_.size());
    if (begin >= end) break;
    std::size_t earliest = begin;
    for (std::size_t child = begin + 1; child < end; ++child)
      if (items_[child].at < items_[earliest].at) earliest = child;
    if (items_[earliest].at >= item.at) break;
    place(slot, items_[earliest]);
    slot = earliest;
  }
  place(slot, item);
}

void ExpiryHeap::place(std::size_t slot, Item item) noexcept {
  items_[slot] = item;
  item.record->set_expiry({item.at, static_cast<std::uint32_t>(slot)});
}

}  // namespace pkv
