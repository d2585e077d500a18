#pragma once

#include "base/endian.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace pkv {

struct Record;

/// One cache line of the index: up to seven pointers to records, each with a byte of its key's
/// hash.
///
///      0                7         8                                    64
///      +----------------+---------+------------------------------------+
///      | 7 tags         | state   | 7 pointers                         |
///      +----------------+---------+------------------------------------+
///
/// Entries fill it from the front. A bucket that has run over is `chained`: it holds six entries
/// and, in place of the seventh, the address of the bucket in which they go on. All zero means
/// empty, so fresh pages are empty buckets.
class alignas(64) Bucket {
 public:
  static constexpr unsigned capacity = 7;

  /// The entries whose tag is the one asked for, to be taken one by one.
  class Matches {
   public:
    explicit Matches(std::uint64_t marks) noexcept : marks_(marks) {}

    [[nodiscard]] bool empty() const noexcept { return marks_ == 0; }

    /// Requires: !empty().
    unsigned take() noexcept {
      const auto index = static_cast<unsigned>(std::countr_zero(marks_)) / 8;
      marks_ &= marks_ - 1;
      return index;
    }

   private:
    std::uint64_t marks_;
  };

  [[nodiscard]] unsigned count() const noexcept { return state_ & count_mask; }

  [[nodiscard]] bool chained() const noexcept { return (state_ & chained_flag) != 0; }

  [[nodiscard]] bool full() const noexcept { return count() == capacity; }

  [[nodiscard]] Matches match(std::uint8_t tag) const noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t low_bits = 0x7F7F7F7F7F7F7F7FU;
    const auto word = load<std::uint64_t>(reinterpret_cast<const char*>(this));
    const std::uint64_t different = word ^ (ones * tag);
    // The top bit of every byte that is zero, exactly: the sum cannot carry from byte to byte.
    const std::uint64_t equal = ~(((different & low_bits) + low_bits) | different | low_bits);
    return Matches(equal & ((std::uint64_t{1} << (8 * count())) - 1));
  }

  [[nodiscard]] std::uint8_t tag(unsigned index) const noexcept { return tags_[index]; }

  [[nodiscard]] Record*& record(unsigned index) noexcept {
    assert(index < count());
    return records_[index];
  }

  /// Requires: chained().
  [[nodiscard]] Bucket* next() const noexcept {
    assert(chained());
    return reinterpret_cast<Bucket*>(records_[capacity - 1]);
  }

  /// Requires: !chained() and !full().
  void push(std::uint8_t tag, Record* record) noexcept {
    assert(!chained() && !full());
    tags_[count()] = tag;
    records_[count()] = record;
    ++state_;
  }

  /// Requires: !chained() and not empty.
  void pop() noexcept {
    assert(!chained() && count() != 0);
    --state_;
  }

  /// Puts an entry in the place of another.
  void replace(unsigned index, std::uint8_t tag, Record* record) noexcept {
    assert(index < count());
    tags_[index] = tag;
    records_[index] = record;
  }

  /// Requires: !chained() and count() == capacity - 1.
  void chain_to(Bucket* next) noexcept {
    assert(!chained() && count() == capacity - 1);
    records_[capacity - 1] = reinterpret_cast<Record*>(next);
    state_ |= chained_flag;
  }

  void unchain() noexcept { state_ = state_ & count_mask; }

 private:
  static constexpr std::uint8_t count_mask = 0x07;
  static constexpr std::uint8_t chained_flag = 0x80;

  std::array<std::uint8_t, capacity> tags_;
  std::uint8_t state_;
  std::array<Record*, capacity> records_;
};

static_assert(sizeof(Bucket) == 64 && std::is_trivially_copyable_v<Bucket>);

}  // namespace pkv
