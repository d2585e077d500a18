#include "worker/listing.hpp"

#include "base/hash.hpp"
#include "worker/copying_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace pkv;
using namespace pkv::test;
using wire::Opcode;
using wire::RingRange;
using wire::scan_end;

namespace {

const std::vector<RingRange> whole_ring{{0, UINT64_MAX}};
const std::vector<RingRange> lower_half{{0, UINT64_MAX / 2}};

Asked listing(const wire::ListRequest& request) {
  ByteBuffer value;
  wire::append_list_request(value, request);
  return {Opcode::list_keys, {}, std::string(value.view())};
}

struct KeyPage {
  std::uint64_t next = 0;
  std::vector<std::string> keys;
};

KeyPage read_key_page(const Answer& answer) {
  REQUIRE(answer.kind == wire::ReplyKind::value);
  wire::KeyPageReader reader(answer.value);
  KeyPage page{reader.next_position(), {}};
  for (std::string_view key; reader.next(key);)
    page.keys.emplace_back(key);
  REQUIRE(reader.complete());
  return page;
}

/// All keys that match, page by page.
std::vector<std::string> all_keys(Bench& bench, std::uint32_t most_entries,
                                  const std::string& pattern) {
  std::vector<std::string> keys;
  for (std::uint64_t from = 0; from < scan_end;) {
    const KeyPage page = read_key_page(bench.run_one(listing({9, most_entries, from, pattern})));
    REQUIRE(page.next > from);
    for (const std::string& key : page.keys)
      REQUIRE((scan_position(key) >= from && scan_position(key) < page.next));
    keys.insert(keys.end(), page.keys.begin(), page.keys.end());
    from = page.next;
  }
  return keys;
}

void put_keys(Bench& bench, int count) {
  for (int i = 0; i < count; ++i)
    REQUIRE(bench.store.put("key" + std::to_string(i), "v"));
}

}  // namespace

TEST_CASE("Listing: pages of any size have together each key of the ranges once",
          "[worker][listing]") {
  Bench bench;
  put_keys(bench, 2'000);
  REQUIRE(bench.run_one(define(9, lower_half)) == ok());
  std::set<std::string> expected;
  for (int i = 0; i < 2'000; ++i) {
    const std::string key = "key" + std::to_string(i);
    if (hash_bytes(key) <= UINT64_MAX / 2) expected.insert(key);
  }
  for (const std::uint32_t most_entries : {0U, 1U, 7U, 16U, 100U, 10'000U}) {
    CAPTURE(most_entries);
    const std::vector<std::string> found = all_keys(bench, most_entries, "*");
    CHECK(found.size() == expected.size());
    CHECK(std::set(found.begin(), found.end()) == expected);
  }
}

TEST_CASE("Listing: a page ends when about so many entries have been looked at, matching or not",
          "[worker][listing]") {
  Bench bench;
  put_keys(bench, 5'000);
  REQUIRE(bench.run_one(define(9, whole_ring)) == ok());
  const KeyPage page = read_key_page(bench.run_one(listing({9, 100, 0, "nothing*"})));
  CHECK(page.keys.empty());
  CHECK(page.next < scan_end / 10);
  CHECK(page.next > scan_end / 2'000);
}

TEST_CASE("Listing: only keys that match are told", "[worker][listing]") {
  Bench bench;
  put_keys(bench, 100);
  REQUIRE(bench.run_one(define(9, whole_ring)) == ok());
  const std::vector<std::string> keys = all_keys(bench, 1'000, "key[3-4]?");
  CHECK(keys.size() == 20);
  CHECK(std::ranges::all_of(keys, [](const std::string& key) {
    return key.size() == 5 && (key[3] == '3' || key[3] == '4');
  }));
  CHECK(all_keys(bench, 1'000, "").empty());
}

TEST_CASE("Listing: a page of long keys is not much larger than 64 KiB", "[worker][listing]") {
  Bench bench;
  for (int i = 0; i < 400; ++i)
    REQUIRE(bench.store.put(std::to_string(i) + std::string(4'000, 'k'), "v"));
  REQUIRE(bench.run_one(define(9, whole_ring)) == ok());
  const KeyPage page = read_key_page(bench.run_one(listing({9, 1'000, 0, "*"})));
  CHECK(page.keys.size() < 50);
  CHECK(page.next < scan_end);
}

TEST_CASE("Listing: what makes no sense is refused", "[worker][listing]") {
  Bench bench;
  const Answer refused = error(errc::malformed_frame);
  CHECK(bench.run_one(listing({9, 10, 0, "*"})) == refused);
  REQUIRE(bench.run_one(define(9, whole_ring)) == ok());
  CHECK(bench.run_one({Opcode::list_keys, {}, "short"}) == refused);
  CHECK(bench.run_one(listing({9, 10, scan_end, "*"})) == refused);
  CHECK(bench.run_one(listing({9, 10, 0, std::string(1'025, '*')})) == refused);
  CHECK(read_key_page(bench.run_one(listing({9, 10, 0, std::string(1'024, '*')}))).next ==
        scan_end);
}
