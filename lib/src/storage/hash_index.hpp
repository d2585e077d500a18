#pragma once

#include "pkv/memory_engine.hpp"

#include "storage/bucket_array.hpp"
#include "storage/bucket_chain.hpp"
#include "storage/bucket_pool.hpp"
#include "storage/prefetch.hpp"
#include "storage/record.hpp"
#include "storage/scan_position.hpp"

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pkv {

/// Finds records by key: linear hashing over buckets of a cache line.
///
/// The low bits of a key's hash name its bucket. With n buckets, each time the load passes its
/// target bucket number n is added and takes its share from bucket n without its top bit; removing
/// works the other way round. So the number of buckets says everything about where a key is, and no
/// change of size touches more than two chains (Litwin, "Linear hashing: a new tool for file and
/// table addressing", VLDB 1980; in memory: Larson, "Dynamic hash tables", CACM 31(4), 1988).
///
/// Thread safety: none.
/// Lifetime: points to records, does not own them. A Place is valid until the next non-const call.
/// Errors: growing without memory is put off and only makes chains longer; insert says so if it
/// cannot.
class HashIndex {
 public:
  using Hash = MemoryEngineOptions::Hash;
  using Place = BucketChain::Place;

  explicit HashIndex(Hash key_hash) : hash_(key_hash) {}

  [[nodiscard]] std::uint64_t hash(std::string_view key) const noexcept { return hash_(key); }

  /// The place of the record, or one whose bucket is null.
  [[nodiscard]] Place find(std::uint64_t hash, std::string_view key) noexcept {
    Place found{nullptr, 0};
    chain_of(hash).find(tag_of(hash), [&](Place place) {
      if (place.record()->key() != key) return false;
      found = place;
      return true;
    });
    return found;
  }

  /// Makes sure that one insert succeeds; returns false if there is no memory for it.
  [[nodiscard]] bool reserve() noexcept { return pool_.reserve(1); }

  /// Requires: the key is not there; reserved.
  void insert(std::uint64_t hash, Record* record) noexcept;

  void erase(std::uint64_t hash, Place place) noexcept;

  /// Follows a record that has moved from `former`.
  void repoint(const Record* former, Record* record) noexcept;

  /// Adds whole buckets from `cursor` on to `entries` until it has `count`; returns where to go on.
  [[nodiscard]] ScanCursor scan(ScanCursor cursor, std::size_t count,
                                std::vector<EntryView>& entries);

  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::size_t index = 0; index < buckets_.size(); ++index) {
      BucketChain(buckets_[index], pool_).for_each([&visit](std::uint8_t, Record* record) {
        visit(record);
      });
    }
  }

  /// Visits the records of the bucket in which `cursor` lies; returns where the next one begins.
  template <class Visit>
  ScanCursor visit_bucket(ScanCursor cursor, Visit&& visit) {
    chain_of(hash_at(cursor)).for_each([&](std::uint8_t, Record* record) { visit(*record); });
    return end_of_bucket(cursor);
  }

  void clear() noexcept;

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  [[nodiscard]] std::size_t bytes() const noexcept { return buckets_.bytes() + pool_.bytes(); }

  /// Fetches the memory of these keys together: their buckets, then the records found there.
  void prefetch(std::span<const std::string_view> keys) const noexcept;

 private:
  struct Fetching {
    Bucket* bucket;
    std::uint8_t tag;
  };

  [[nodiscard]] Fetching prefetch_bucket(std::uint64_t hash) const noexcept;
  static void prefetch_record(const Fetching& fetching) noexcept;

  /// Where the bucket ends in the order of a scan; 0 behind the last.
  [[nodiscard]] ScanCursor end_of_bucket(ScanCursor cursor) const noexcept;

  /// Not among the bits that name a bucket or a place on the ring: its entries would agree in them.
  [[nodiscard]] static std::uint8_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint8_t>(hash >> 48);
  }

  /// How many low bits of the hash name the bucket that `hash` belongs to.
  [[nodiscard]] unsigned bits_of(std::uint64_t hash) const noexcept {
    assert(buckets_.size() >= BucketArray::smallest_size);
    const auto bits = static_cast<unsigned>(std::bit_width(buckets_.size() - 1));
    const std::size_t half = std::size_t{1} << (bits - 1);
    const bool split = (hash & (half - 1)) + half < buckets_.size();
    return split ? bits : bits - 1;
  }

  /// hash & ((1 << bits_of(hash)) - 1), at half the cost: it is asked for twice per operation.
  [[nodiscard]] std::size_t bucket_of(std::uint64_t hash) const noexcept {
    const std::size_t size = buckets_.size();
    const std::size_t mask = ~std::size_t{0} >> std::countl_zero(size - 1);
    const std::size_t index = hash & mask;
    return index < size ? index : index & (mask >> 1);
  }

  [[nodiscard]] BucketChain chain_of(std::uint64_t hash) noexcept {
    return {buckets_[bucket_of(hash)], pool_};
  }

  void add_bucket() noexcept;
  void remove_bucket() noexcept;

  Hash hash_;
  BucketArray buckets_;
  BucketPool pool_;
  std::size_t count_ = 0;
};

}  // namespace pkv
