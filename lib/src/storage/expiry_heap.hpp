#pragma once

#include "pkv/entry.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace pkv {

struct Record;

/// The records that have a time of expiry, the earliest in front: a heap in which every record
/// knows its slot, so that any of them can be changed or removed (Cormen et al., "Introduction to
/// Algorithms", 6.5, with four children to a slot in place of two: half as many steps down).
///
///     if (!heap.claim_slot()) ...                     // no memory
///     heap.fill_slot(record, at);                     // once the record is whole
///     heap.change(record, at);  heap.remove(record);
///
/// Takes 16 bytes for each record, and gives them back.
///
/// Thread safety: none.
/// Lifetime: a record must be told of with moved() when its address changes, and be removed before
/// it is freed.
/// Errors: claim_slot() only.
class ExpiryHeap {
 public:
  static constexpr std::size_t most_records = UINT32_MAX;

  /// Makes room for one more; false if there is no memory. Either fill_slot() or give_slot_back()
  /// must follow before anything else.
  [[nodiscard]] bool claim_slot() noexcept;
  void give_slot_back() noexcept { items_.pop_back(); }
  /// Adds a record, and gives it its expiry.
  void fill_slot(Record& record, Timestamp at) noexcept;

  /// Gives a record another time. Requires, here and below: the record is in the heap, and has
  /// its expiry set to the slot that it has.
  void change(Record& record, Timestamp at) noexcept;
  /// Takes a record out. Its own expiry is left as it is.
  void remove(const Record& record) noexcept;
  /// The record has come to this address.
  void moved(Record& record) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  /// The one with the earliest time, if that is at or before `now`; else null.
  [[nodiscard]] Record* first_expired(Timestamp now) const noexcept;
  [[nodiscard]] Timestamp earliest() const noexcept {
    return items_.empty() ? never : items_.front().at;
  }
  [[nodiscard]] std::size_t count_expired(Timestamp now) const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept { return items_.size() * sizeof(Item); }
  void clear() noexcept { items_.clear(); }

 private:
  struct Item {
    Timestamp at;
    Record* record;
  };

  void settle(std::size_t slot, Item item) noexcept;
  void place(std::size_t slot, Item item) noexcept;

  // Not a vector: that would stop for a moment whenever it has to grow, and never shrink.
  std::deque<Item> items_;
};

}  // namespace pkv
