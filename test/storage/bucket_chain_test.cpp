#include "storage/bucket_chain.hpp"

#include "storage/record.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

namespace pkv {
namespace {

/// A chain of which only the addresses of its records matter.
class ChainFixture {
 public:
  BucketChain chain() { return {head_, pool_}; }

  void fill(std::size_t entries) {
    records_.resize(entries);
    REQUIRE(pool_.reserve(BucketChain::buckets_for(entries)));
    Bucket* end = chain().last();
    for (std::size_t i = 0; i < entries; ++i) {
      chain().append(end, static_cast<std::uint8_t>(i), &records_[i]);
      added_.insert(&records_[i]);
    }
  }

  std::set<Record*> content() {
    std::set<Record*> found;
    chain().for_each([&](std::uint8_t, Record* record) { CHECK(found.insert(record).second); });
    CHECK(chain().count() == found.size());
    return found;
  }

  void remove(Record* record) {
    const auto tag = static_cast<std::uint8_t>(record - records_.data());
    BucketChain::Place place{nullptr, 0};
    REQUIRE(chain().find(tag, [&](BucketChain::Place candidate) {
      place = candidate;
      return candidate.record() == record;
    }));
    chain().remove(place);
    added_.erase(record);
  }

  [[nodiscard]] const std::set<Record*>& added() const { return added_; }

  Record* record(std::size_t index) { return &records_[index]; }

 private:
  Bucket head_{};
  BucketPool pool_;
  std::vector<Record> records_;
  std::set<Record*> added_;
};

TEST_CASE("BucketChain: holds any number of entries", "[storage]") {
  for (std::size_t entries = 0; entries <= 40; ++entries) {
    CAPTURE(entries);
    ChainFixture fixture;
    fixture.fill(entries);
    CHECK(fixture.content() == fixture.added());
  }
}

TEST_CASE("BucketChain: removing any entry leaves the others", "[storage]") {
  for (std::size_t entries = 1; entries <= 21; ++entries) {
    for (std::size_t removed = 0; removed < entries; ++removed) {
      CAPTURE(entries, removed);
      ChainFixture fixture;
      fixture.fill(entries);
      fixture.remove(fixture.record(removed));
      CHECK(fixture.content() == fixture.added());
    }
  }
}

TEST_CASE("BucketChain: can be emptied from either end and filled again", "[storage]") {
  constexpr std::size_t entries = 30;
  const bool from_front = GENERATE(true, false);
  ChainFixture fixture;
  fixture.fill(entries);
  for (std::size_t i = 0; i < entries; ++i) {
    fixture.remove(fixture.record(from_front ? i : entries - 1 - i));
    CHECK(fixture.content() == fixture.added());
  }
  CHECK_FALSE(fixture.chain().last()->chained());
  fixture.fill(entries);
  CHECK(fixture.content() == fixture.added());
}

TEST_CASE("Bucket: a tag matches exactly the entries that have it", "[storage]") {
  // Neighbouring values, 0 and 0x80 are where bit tricks on words of bytes go wrong.
  const std::vector<std::uint8_t> tags{0x00, 0x01, 0x80, 0x7F, 0xFF, 0x01, 0x00};
  Record record{};
  for (unsigned count = 0; count <= Bucket::capacity; ++count) {
    Bucket bucket{};
    for (unsigned i = 0; i < count; ++i)
      bucket.push(tags[i], &record);
    for (unsigned tag = 0; tag < 256; ++tag) {
      std::vector<unsigned> expected;
      for (unsigned i = 0; i < count; ++i) {
        if (tags[i] == tag) expected.push_back(i);
      }
      std::vector<unsigned> found;
      Bucket::Matches matches = bucket.match(static_cast<std::uint8_t>(tag));
      while (!matches.empty())
        found.push_back(matches.take());
      CAPTURE(count, tag);
      CHECK(found == expected);
    }
  }
}

}  // namespace
}  // namespace pkv
