#pragma once

#include "storage/bucket.hpp"
#include "storage/bucket_pool.hpp"
#include "storage/prefetch.hpp"

#include <cstddef>
#include <cstdint>

namespace pkv {

/// The entries that belong to one bucket of the index: it and the buckets it is chained to.
///
/// All buckets of a chain but the last hold six entries. A view: copy it freely.
///
/// Thread safety: none.
/// Lifetime: within one operation on the index.
class BucketChain {
 public:
  /// Where an entry is.
  struct Place {
    Bucket* bucket;
    unsigned index;

    [[nodiscard]] Record*& record() const noexcept { return bucket->record(index); }
  };

  BucketChain(Bucket& head, BucketPool& pool) noexcept : head_(&head), pool_(&pool) {}

  /// How many buckets beyond its head a chain of that many entries needs, at most.
  [[nodiscard]] static std::size_t buckets_for(std::size_t entries) noexcept {
    return entries / (Bucket::capacity - 1) + 1;
  }

  [[nodiscard]] std::size_t count() const noexcept {
    const Bucket* bucket = head_;
    std::size_t entries = 0;
    for (; bucket->chained(); bucket = bucket->next())
      entries += bucket->count();
    return entries + bucket->count();
  }

  [[nodiscard]] Bucket* last() const noexcept {
    Bucket* bucket = head_;
    while (bucket->chained())
      bucket = bucket->next();
    return bucket;
  }

  /// Calls `visit(place)` for the entries with this tag until it returns true.
  /// Returns whether it did.
  template <class Visit>
  bool find(std::uint8_t tag, Visit&& visit) const {
    for (Bucket* bucket = head_;; bucket = bucket->next()) {
      for (Bucket::Matches matches = bucket->match(tag); !matches.empty();) {
        if (visit(Place{bucket, matches.take()})) return true;
      }
      if (!bucket->chained()) return false;
    }
  }

  /// Calls `visit(tag, record)` for every entry.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (Bucket* bucket = head_;; bucket = bucket->next()) {
      visit_entries(*bucket, visit);
      if (!bucket->chained()) return;
    }
  }

  /// Empties the chain and calls `visit(tag, record)` for every entry that was in it. The chain may
  /// be filled again meanwhile.
  template <class Visit>
  void drain(Visit&& visit) {
    Bucket bucket = *head_;
    *head_ = Bucket{};
    for (;;) {
      visit_entries(bucket, visit);
      if (!bucket.chained()) return;
      Bucket* next = bucket.next();
      bucket = *next;
      pool_->release(next);
    }
  }

  /// Adds an entry behind `end`, which is last() and moves along.
  /// Requires: a bucket reserved in the pool if `end` is full.
  void append(Bucket*& end, std::uint8_t tag, Record* record) {
    if (end->full()) end = extend(*end);
    end->push(tag, record);
  }

  /// Removes an entry; the last one of the chain takes its place.
  void remove(Place place);

 private:
  template <class Visit>
  static void visit_entries(Bucket& bucket, Visit& visit) {
    // The visitor looks at the keys, which lie anywhere: fetch them together.
    for (unsigned i = 0; i < bucket.count(); ++i)
      prefetch_line(bucket.record(i));
    for (unsigned i = 0; i < bucket.count(); ++i)
      visit(bucket.tag(i), bucket.record(i));
  }

  [[nodiscard]] Bucket* extend(Bucket& full);

  Bucket* head_;
  BucketPool* pool_;
};

}  // namespace pkv
