#include "storage/record_heap.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace pkv {
namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

TEST_CASE("RecordHeap: a record holds the key and value it was given", "[storage]") {
  RecordHeap heap(no_limit);
  for (const std::size_t key_bytes : {std::size_t{0}, std::size_t{1}, largest_max_key_bytes}) {
    for (const std::size_t value_bytes : {0U, 1U, 64U, 16'384U, 1'000'000U}) {
      CAPTURE(key_bytes, value_bytes);
      const std::string key(key_bytes, '\0');
      const std::string value(value_bytes, '\xFF');
      Record* record = heap.create(key, value.size());
      REQUIRE(record != nullptr);
      record->set_value(value, 42);
      CHECK(record->key() == key);
      CHECK(record->value() == value);
      CHECK(record->version == 42);
      CHECK(heap.bytes() >= record->bytes());
      CHECK(heap.release(record) == nullptr);
      CHECK(heap.bytes() == 0);
    }
  }
}

TEST_CASE("RecordHeap: the greatest lengths fit into a record's header", "[storage]") {
  RecordHeap heap(no_limit);
  const std::string key(largest_max_key_bytes, 'k');
  Record* record = heap.create(key, largest_max_value_bytes);  // pages that nobody touches
  REQUIRE(record != nullptr);
  record->value_bytes = largest_max_value_bytes;
  record->version = ~Version{0};
  CHECK(record->key() == key);
  CHECK(record->value().size() == largest_max_value_bytes);
  CHECK(record->bytes() <= capacity_of(record->place()));
  CHECK(heap.release(record) == nullptr);
}

TEST_CASE("RecordHeap: the last of a class fills the place of a released one", "[storage]") {
  RecordHeap heap(no_limit);
  Record* first = heap.create("first", 8);
  Record* second = heap.create("second", 8);
  Record* third = heap.create("third", 8);
  Record* other_class = heap.create("other", 500);
  third->set_value("3", 3);
  other_class->set_value("o", 4);

  CHECK(heap.release(first) == third);
  CHECK(first->key() == "third");
  CHECK(first->value() == "3");
  CHECK(heap.release(second) == nullptr);  // was the last then
  CHECK(heap.release(first) == nullptr);
  CHECK(other_class->key() == "other");
  CHECK(heap.release(other_class) == nullptr);
  CHECK(heap.bytes() == 0);
}

TEST_CASE("RecordHeap: random creation and release keep every record intact", "[storage]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  RecordHeap heap(no_limit);
  std::vector<std::pair<Record*, std::string>> live;
  std::map<const Record*, std::size_t> index_of;

  const auto release = [&](std::size_t index) {
    const auto [record, key] = live[index];
    if (record->key() != key) FAIL("record " << key << " was overwritten");
    index_of.erase(record);
    const Record* moved_from = heap.release(record);
    if (moved_from != nullptr) {
      const std::size_t moved = index_of.at(moved_from);
      index_of.erase(moved_from);
      live[moved].first = record;
      index_of[record] = moved;
    }
    if (index != live.size() - 1) {
      live[index] = live.back();
      index_of[live[index].first] = index;
    }
    live.pop_back();
  };

  for (unsigned step = 0; step < 100'000; ++step) {
    const bool growing = (step / 20'000) % 2 == 0;
    if (live.empty() || random() % 10 < (growing ? 7U : 3U)) {
      std::string key = std::to_string(step);
      Record* record = heap.create(key, random() % 400 == 0 ? 20'000 : random() % 300);
      REQUIRE(record != nullptr);
      index_of[record] = live.size();
      live.emplace_back(record, std::move(key));
    } else {
      release(random() % live.size());
    }
  }
  while (!live.empty())
    release(live.size() - 1);
  CHECK(heap.bytes() == 0);
  CHECK_FALSE(heap.has_large_records());
}

TEST_CASE("RecordHeap: the limit is exact and what does not fit changes nothing", "[storage]") {
  RecordHeap heap(1'000'000);
  Record* large = heap.create("k", 400'000);
  REQUIRE(large != nullptr);
  const std::size_t before = heap.bytes();
  CHECK(heap.create("k", 600'000) == nullptr);
  CHECK(heap.resize(large, size_class_of(1'200'000)) == nullptr);
  CHECK(heap.bytes() == before);

  large = heap.resize(large, size_class_of(900'000));
  REQUIRE(large != nullptr);
  CHECK(large->key() == "k");
  CHECK(heap.release(large) == nullptr);
  CHECK(heap.bytes() == 0);
}

}  // namespace
}  // namespace pkv
