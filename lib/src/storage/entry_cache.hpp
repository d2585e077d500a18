#pragma once

#include "pkv/entry.hpp"

#include "storage/hash_index.hpp"
#include "storage/record_heap.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace pkv {

/// Copies of entries that a slower store holds.
///
/// When the memory is used up, some go by the clock algorithm (Corbató, "A paging experiment with
/// the Multics system", 1968): a hand goes round all entries and takes those that were not looked
/// for since it last came by.
///
///     if (const auto entry = cache.find(key)) return *entry;
///     ... read it from the store ...
///     cache.keep(key, found);
///
/// Thread safety: none.
/// Lifetime: views are good until the next function that is not const.
/// Errors: what finds no memory is not kept, and then nothing is there of its key.
class EntryCache {
 public:
  /// Larger ones are not worth their room: others read many entries in the time of one of these.
  static constexpr std::size_t largest_entry_bytes = RecordHeap::largest_slab_record_bytes;

  /// What all take stays within `most_bytes`, the index included, but for some buckets that it may
  /// grow by meanwhile; nothing is kept without any.
  explicit EntryCache(std::size_t most_bytes);
  EntryCache(const EntryCache&) = delete;
  EntryCache& operator=(const EntryCache&) = delete;
  ~EntryCache() = default;

  [[nodiscard]] std::optional<ValueView> find(std::string_view key) noexcept;
  /// Keeps a copy of what the store holds now.
  void keep(std::string_view key, const ValueView& entry) noexcept;

  void forget(std::string_view key) noexcept;
  void forget_all() noexcept;

  void prefetch(std::span<const std::string_view> keys) const noexcept { index_.prefetch(keys); }

  [[nodiscard]] std::size_t count() const noexcept { return index_.count(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return heap_.bytes() + index_.bytes(); }

 private:
  [[nodiscard]] bool store(std::string_view key, const ValueView& entry) noexcept;
  [[nodiscard]] bool make_room(std::size_t bytes) noexcept;
  [[nodiscard]] Record* pass_bucket() noexcept;
  void erase(HashIndex::Place place) noexcept;
  void release(Record* record) noexcept;

  std::size_t most_bytes_;
  std::size_t most_entry_bytes_;
  RecordHeap heap_;
  HashIndex index_;
  ScanCursor hand_ = 0;
};

}  // namespace pkv
