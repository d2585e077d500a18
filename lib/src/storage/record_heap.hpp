#pragma once

#include "pkv/shared_value.hpp"

#include "base/value_block.hpp"
#include "storage/pages.hpp"
#include "storage/record.hpp"
#include "storage/size_class.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace pkv {

/// The memory of all records, with no holes in it.
///
/// Records of one size class fill slabs from front to back. When one is released, the last of its
/// class is moved into its place; the slabs are full at all times but for the last, which goes back
/// to the system when it is empty. No general allocator can do so, because it may not move things;
/// here every record has just one pointer to it, which the owner can find from the key. Records
/// beyond `largest_slab_record_bytes` are blocks of malloc, too expensive to move and large enough
/// for it; each has a ValueBlock before it, so that others can hold on to its value.
///
/// Thread safety: none.
/// Lifetime: release large records before clearing or destroying it; values that are shared may
/// outlive it.
/// Errors: a null pointer when there is no memory.
class RecordHeap {
 public:
  static constexpr std::size_t largest_slab_record_bytes = std::size_t{16} << 10;

  explicit RecordHeap(std::size_t max_bytes) noexcept : max_bytes_(max_bytes) {}

  RecordHeap(const RecordHeap&) = delete;
  RecordHeap& operator=(const RecordHeap&) = delete;

  ~RecordHeap() { clear(); }

  /// Makes a record with this key, an empty value and room for `value_bytes`, and for an expiry,
  /// which it has not yet.
  [[nodiscard]] Record* create(std::string_view key, std::size_t value_bytes,
                               bool expires = false) noexcept;

  /// Makes a record of an entry where it lies, with its value and, if it `expires`, room for that.
  /// Null leaves `entry` as it was: the memory is not as it should be, or too much.
  [[nodiscard]] Record* adopt(ReceivedEntry& entry, bool expires) noexcept;

  /// Gives a large record the room of `size_class`, moving it if need be. Null leaves it as it was.
  /// Requires: is_large(record.place()), is_large(size_class), and nobody shares it.
  [[nodiscard]] Record* resize(Record* record, SizeClass size_class) noexcept;

  /// Whether the record can be made one of so many bytes where it is.
  [[nodiscard]] static bool suits(const Record& record, std::size_t bytes) noexcept {
    if (!is_large(record.place())) return size_class_of(bytes) == record.place();
    return is_large(size_class_of(bytes)) && bytes <= room_of(record) &&
           bytes >= room_of(record) - room_of(record) / 8 && !is_shared(record);
  }

  /// What the record's place has room for.
  [[nodiscard]] static std::size_t room_of(const Record& record) noexcept {
    const std::size_t capacity = capacity_of(record.place());
    return is_large(record.place()) ? std::min(capacity, block_of(record).room()) : capacity;
  }

  /// Whether somebody else holds on to the value.
  [[nodiscard]] static bool is_shared(const Record& record) noexcept {
    return is_large(record.place()) && block_of(record).references > 1;
  }

  /// Requires: is_large(record.place()).
  [[nodiscard]] static SharedValue share(Record& record) noexcept {
    return {block_of(record), record.value()};
  }

  /// The record's value is about to be changed: nothing that was known of it is true any more.
  static void forget_checksum(Record& record) noexcept {
    if (is_large(record.place())) block_of(record).checksum_known = false;
  }

  /// Frees a record and fills its place with the last one of its class. A value that is shared is
  /// freed by the last who needs it.
  /// Returns the address which that one had until now, or null if none was moved.
  [[nodiscard]] Record* release(Record* record) noexcept;

  /// Frees all records.
  /// Requires: !has_large_records().
  void clear() noexcept;

  /// What the records take, rounding included.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  [[nodiscard]] bool has_large_records() const noexcept { return large_records_ != 0; }

  [[nodiscard]] static bool is_large(SizeClass size_class) noexcept {
    return static_cast<std::size_t>(size_class) >= slab_class_count;
  }

 private:
  /// Memory for records of one class, begun by the address of the slab filled before it.
  ///
  /// Aligned for the records' sake: where the size class is a multiple of 32 bytes, the header of a
  /// record and a key of up to 16 bytes share a cache line.
  struct alignas(64) Slab {
    Slab* below;
  };

  struct SlabStack {
    Slab* top = nullptr;
    std::size_t used = 0;  ///< Records in the top slab; those below are full.
  };

  static constexpr std::size_t slab_bytes = 4 * page_chunk_bytes;
  static constexpr std::size_t slab_class_count =
      static_cast<std::size_t>(size_class_of(largest_slab_record_bytes)) + 1;

  [[nodiscard]] static ValueBlock& block_of(Record& record) noexcept {
    return *(reinterpret_cast<ValueBlock*>(&record) - 1);
  }
  [[nodiscard]] static const ValueBlock& block_of(const Record& record) noexcept {
    return *(reinterpret_cast<const ValueBlock*>(&record) - 1);
  }

  static std::size_t records_per_slab(std::size_t capacity) noexcept {
    return (slab_bytes - sizeof(Slab)) / capacity;
  }

  static void* place_in(Slab* slab, std::size_t index, std::size_t capacity) noexcept {
    return reinterpret_cast<char*>(slab + 1) + index * capacity;
  }

  [[nodiscard]] void* allocate(SizeClass size_class) noexcept;
  [[nodiscard]] void* allocate_large(std::size_t capacity) noexcept;
  [[nodiscard]] void* allocate_in_slab(SizeClass size_class) noexcept;
  [[nodiscard]] bool push_slab(SlabStack& stack) noexcept;
  void pop_slab(SlabStack& stack) noexcept;

  std::array<SlabStack, slab_class_count> stacks_{};
  Slab* spare_ = nullptr;  ///< One empty slab, lest a class at the edge of a slab map and unmap it.
  std::size_t large_records_ = 0;
  std::size_t bytes_ = 0;
  std::size_t max_bytes_;
};

}  // namespace pkv
