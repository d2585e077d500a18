#include "storage/bucket_array.hpp"

#include "storage/record.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>

namespace pkv {
namespace {

Record* numbered(std::size_t number) {
  return reinterpret_cast<Record*>(static_cast<std::uintptr_t>(number) * 16);
}

TEST_CASE("BucketArray: buckets keep their place and content while it grows and shrinks",
          "[storage]") {
  constexpr std::size_t largest = 5'000;  // beyond several segments
  BucketArray buckets;
  for (std::size_t index = 0; index < largest; ++index) {
    if (index >= BucketArray::smallest_size) REQUIRE(buckets.push_back());
    REQUIRE(buckets[index].count() == 0);
    buckets[index].push(1, numbered(index));
  }
  for (std::size_t index = 0; index < largest; ++index) {
    if (buckets[index].record(0) != numbered(index)) FAIL("bucket " << index << " is another's");
  }
  while (buckets.size() > BucketArray::smallest_size) {
    buckets[buckets.size() - 1].pop();
    buckets.pop_back();
    const std::size_t last = buckets.size() - 1;
    if (buckets[last].record(0) != numbered(last)) FAIL("bucket " << last << " was lost");
  }
}

TEST_CASE("BucketArray: a bucket added again is empty", "[storage]") {
  BucketArray buckets;
  for (const std::size_t size : {65U, 1'023U, 1'024U, 1'025U, 2'048U, 2'049U, 3'073U}) {
    CAPTURE(size);
    while (buckets.size() < size)
      REQUIRE(buckets.push_back());
    for (unsigned round = 0; round < 3; ++round) {
      Bucket& last = buckets[size - 1];
      CHECK(last.count() == 0);
      last.push(7, numbered(1));
      last.pop();
      buckets.pop_back();
      REQUIRE(buckets.push_back());
    }
  }
  buckets.clear();
  CHECK(buckets.size() == BucketArray::smallest_size);
  for (std::size_t i = 0; i < buckets.size(); ++i)
    CHECK(buckets[i].count() == 0);
}

}  // namespace
}  // namespace pkv
