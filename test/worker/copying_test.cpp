#include "base/hash.hpp"
#include "worker/copying_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace pkv;
using namespace pkv::test;
using wire::CopyRequest;
using wire::Opcode;
using wire::RingRange;
using wire::scan_end;

namespace {

constexpr std::uint32_t no_limit = UINT32_MAX;
const std::vector<RingRange> whole_ring{{0, UINT64_MAX}};

/// `count` random ranges, disjoint, about half of the ring.
std::vector<RingRange> random_ranges(std::mt19937_64& random, std::size_t count) {
  std::vector<std::uint64_t> borders(2 * count);
  for (std::uint64_t& border : borders)
    border = random();
  std::sort(borders.begin(), borders.end());
  borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
  std::vector<RingRange> ranges;
  for (std::size_t i = 0; i + 1 < borders.size(); i += 2)
    ranges.push_back({borders[i], borders[i + 1]});
  return ranges;
}

bool is_in(const std::vector<RingRange>& ranges, const std::string& key) {
  const std::uint64_t position = hash_bytes(key);
  return std::any_of(ranges.begin(), ranges.end(), [&](const RingRange& range) {
    return range.first <= position && position <= range.last;
  });
}

/// The entries in the ranges whose scan position is in [from, to).
Entries selected(const Entries& all, const std::vector<RingRange>& ranges, std::uint64_t from,
                 std::uint64_t to) {
  Entries some;
  for (const auto& [key, entry] : all)
    if (is_in(ranges, key) && scan_position(key) >= from && scan_position(key) < to)
      some[key] = entry;
  return some;
}

/// A node with `count` entries, whose values are up to `longest` bytes.
void fill(Bench& bench, std::mt19937_64& random, unsigned count, std::size_t longest) {
  for (unsigned i = 0; i < count; ++i)
    REQUIRE(bench.store.put("key" + std::to_string(i), std::string(random() % (longest + 1), 'v'),
                            1 + random() % 1'000));
}

Answer copy_in(Bench& to, const std::string& page) {
  return to.run_one({Opcode::copy_in, {}, page});
}

}  // namespace

TEST_CASE("Copying: a page holds exactly the entries between its two positions",
          "[worker][copying]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Bench bench;
  fill(bench, random, 5'000, 100);
  const Entries all = entries_of(bench.store);
  const auto ranges = random_ranges(random, 1 + random() % 200);
  REQUIRE(bench.run_one(define(9, ranges)) == ok());

  for (int round = 0; round < 300; ++round) {
    CopyRequest request{9, random() % scan_end, random() % scan_end, no_limit, no_limit};
    if (request.from > request.to) std::swap(request.from, request.to);
    if (round % 3 != 0) request.most_bytes = static_cast<std::uint32_t>(random() % 5'000);
    if (round % 3 != 1) request.most_entries = static_cast<std::uint32_t>(random() % 500);
    const Page page = read_page(bench.run_one(asking(Opcode::copy_page, request)));
    CAPTURE(request.from, request.to, request.most_bytes, request.most_entries, page.next);
    REQUIRE(page.whole);
    REQUIRE((page.next > request.from || request.from == request.to));
    REQUIRE(page.next <= request.to);
    REQUIRE(page.entries == selected(all, ranges, request.from, page.next));
    REQUIRE(page.count == page.entries.size());
    if (round % 3 == 0 && request.most_entries >= 5'000) REQUIRE(page.next == request.to);
  }
}

TEST_CASE("Copying: a page may end just before an entry and just behind it", "[worker][copying]") {
  std::mt19937_64 random(1);
  Bench bench;
  fill(bench, random, 500, 10);
  const Entries all = entries_of(bench.store);
  REQUIRE(bench.run_one(define(1, whole_ring)) == ok());
  for (const auto& [key, entry] : all) {
    const std::uint64_t position = scan_position(key);
    for (const std::uint64_t to : {position, position + 1}) {
      const Page page =
          read_page(bench.run_one(asking(Opcode::copy_page, {1, 0, to, no_limit, no_limit})));
      REQUIRE(page.next == to);
      REQUIRE(page.entries == selected(all, whole_ring, 0, to));
    }
    const Page rest = read_page(
        bench.run_one(asking(Opcode::copy_page, {1, position, scan_end, no_limit, no_limit})));
    REQUIRE(rest.entries == selected(all, whole_ring, position, scan_end));
  }
}

TEST_CASE("Copying: pages one after the other make a second node the same", "[worker][copying]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Bench source;
  Bench destination;
  fill(source, random, 3'000, 300);
  const auto ranges = random_ranges(random, 50);
  REQUIRE(source.run_one(define(1, ranges)) == ok());

  std::size_t pages = 0;
  for (std::uint64_t from = 0; from < scan_end; ++pages) {
    const Answer answer =
        source.run_one(asking(Opcode::copy_page, {1, from, scan_end, 10'000, 4'096}));
    const Page page = read_page(answer);
    REQUIRE(page.whole);
    REQUIRE(answer.value.size() <= 10'000 + wire::page_head_bytes);
    REQUIRE(copy_in(destination, answer.value) == ok());
    from = page.next;
  }
  CHECK(pages > 10);
  CHECK(entries_of(destination.store) == selected(entries_of(source.store), ranges, 0, scan_end));
}

TEST_CASE("Copying: few matching entries end a page all the same", "[worker][copying]") {
  std::mt19937_64 random(1);
  Bench bench;
  fill(bench, random, 10'000, 1);
  REQUIRE(bench.run_one(define(1, {{0, 0}})) == ok());
  std::size_t pages = 0;
  for (std::uint64_t from = 0; from < scan_end; ++pages) {
    const Page page =
        read_page(bench.run_one(asking(Opcode::copy_page, {1, from, scan_end, no_limit, 1'000})));
    REQUIRE(page.whole);
    CHECK(page.count == 0);
    REQUIRE(page.next > from);
    from = page.next;
  }
  CHECK(pages >= 9);
  CHECK(pages <= 11);
}

TEST_CASE("Copying: limits of nothing still make progress", "[worker][copying]") {
  std::mt19937_64 random(1);
  Bench bench;
  fill(bench, random, 200, 10);
  REQUIRE(bench.run_one(define(1, whole_ring)) == ok());
  std::size_t copied = 0;
  for (std::uint64_t from = 0; from < scan_end;) {
    const Page page =
        read_page(bench.run_one(asking(Opcode::copy_page, {1, from, scan_end, 0, 0})));
    REQUIRE(page.whole);
    CHECK(page.count <= 1);
    REQUIRE(page.next > from);
    copied += page.count;
    from = page.next;
  }
  CHECK(copied == 200);
}

TEST_CASE("Copying: an empty stretch and an empty store are pages without entries",
          "[worker][copying]") {
  Bench bench;
  REQUIRE(bench.run_one(define(1, whole_ring)) == ok());
  for (const CopyRequest& request :
       {CopyRequest{1, 0, scan_end, 10, 10}, CopyRequest{1, 7, 7, 10, 10},
        CopyRequest{1, scan_end, scan_end, 10, 10}}) {
    const Page page = read_page(bench.run_one(asking(Opcode::copy_page, request)));
    CHECK(page.whole);
    CHECK(page.count == 0);
    CHECK(page.next == request.to);
  }
}

TEST_CASE("Copying: a value larger than a page travels alone", "[worker][copying]") {
  const Limits limits{.max_value_bytes = std::size_t{40} << 20};
  Bench source(std::size_t{256} << 10, limits);
  Bench destination(std::size_t{256} << 10, limits);
  const std::string large(limits.max_value_bytes, 'L');
  for (unsigned i = 0; i < 100; ++i)
    REQUIRE(source.store.put(std::to_string(i), i == 50 ? large : "small", 5));
  REQUIRE(source.run_one(define(1, whole_ring)) == ok());

  bool seen = false;
  for (std::uint64_t from = 0; from < scan_end;) {
    const Answer answer =
        source.run_one(asking(Opcode::copy_page, {1, from, scan_end, 65'536, 4'096}));
    const Page page = read_page(answer);
    REQUIRE(page.whole);
    const bool alone = page.count == 1 && page.entries.contains("50");
    seen = seen || alone;
    CHECK((alone || answer.value.size() <= 65'536 + wire::page_head_bytes));
    REQUIRE(copy_in(destination, answer.value) == ok());
    from = page.next;
  }
  CHECK(seen);
  CHECK(entries_of(destination.store) == entries_of(source.store));
}

TEST_CASE("Copying: copying in overwrites values and versions", "[worker][copying]") {
  Bench source;
  Bench destination;
  REQUIRE(source.store.put("k", "new", 7));
  REQUIRE(source.store.put("", "", 8));
  REQUIRE(destination.store.put("k", "something older", 900));
  REQUIRE(destination.store.put("other", "kept", 3));
  REQUIRE(source.run_one(define(1, whole_ring)) == ok());
  const Answer page =
      source.run_one(asking(Opcode::copy_page, {1, 0, scan_end, no_limit, no_limit}));
  REQUIRE(copy_in(destination, page.value) == ok());
  CHECK(entries_of(destination.store) ==
        Entries{{"", {"", 8}}, {"k", {"new", 7}}, {"other", {"kept", 3}}});
}

TEST_CASE("Copying: a page that is cut or forged puts nothing", "[worker][copying]") {
  Bench source;
  REQUIRE(source.store.put("a", "1", 7));
  REQUIRE(source.store.put("b", "2", 8));
  REQUIRE(source.run_one(define(1, whole_ring)) == ok());
  const std::string page =
      source.run_one(asking(Opcode::copy_page, {1, 0, scan_end, no_limit, no_limit})).value;
  for (std::size_t length = 0; length < page.size(); ++length) {
    Bench destination;
    CHECK(copy_in(destination, page.substr(0, length)) == error(errc::malformed_frame));
    CHECK(destination.store.empty());
  }
  Bench destination;
  CHECK(copy_in(destination, page + "x") == error(errc::malformed_frame));
  CHECK(destination.store.empty());
}

TEST_CASE("Copying: an entry that the destination may not hold is an error", "[worker][copying]") {
  Bench source;
  Bench destination(std::size_t{256} << 10, Limits{.max_value_bytes = 3});
  REQUIRE(source.store.put("k", "four", 7));
  REQUIRE(source.run_one(define(1, whole_ring)) == ok());
  const Answer page =
      source.run_one(asking(Opcode::copy_page, {1, 0, scan_end, no_limit, no_limit}));
  CHECK(copy_in(destination, page.value) == error(errc::value_too_long));
}

TEST_CASE("Copying: erasing page by page leaves what is not in the ranges", "[worker][copying]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Bench bench;
  fill(bench, random, 5'000, 100);
  const Entries all = entries_of(bench.store);
  const auto ranges = random_ranges(random, 20);
  REQUIRE(bench.run_one(define(1, ranges)) == ok());

  std::uint64_t erased = 0;
  for (std::uint64_t from = 0; from < scan_end;) {
    const Answer answer =
        bench.run_one(asking(Opcode::erase_page, {1, from, scan_end, 3'000, 300}));
    const auto page = wire::read_erased_page(answer.value);
    REQUIRE(page.has_value());
    REQUIRE(page->next > from);
    // Exactly what lies before `next` is gone.
    REQUIRE(selected(entries_of(bench.store), ranges, 0, page->next).empty());
    erased += page->erased;
    from = page->next;
  }
  Entries kept = all;
  for (const auto& [key, entry] : selected(all, ranges, 0, scan_end))
    kept.erase(key);
  CHECK(entries_of(bench.store) == kept);
  CHECK(erased == all.size() - kept.size());
}

TEST_CASE("Copying: counting tells keys and bytes, whatever most_bytes says", "[worker][copying]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Bench bench;
  fill(bench, random, 2'000, 50);
  const auto ranges = random_ranges(random, 20);
  REQUIRE(bench.run_one(define(1, ranges)) == ok());
  const Entries expected = selected(entries_of(bench.store), ranges, 1, scan_end / 2);
  std::uint64_t bytes = 0;
  for (const auto& [key, entry] : expected)
    bytes += key.size() + entry.first.size();

  const Answer whole = bench.run_one(asking(Opcode::count_page, {1, 1, scan_end / 2, 0, no_limit}));
  CHECK(wire::read_counted_page(whole.value) ==
        wire::CountedPage{scan_end / 2, expected.size(), bytes});

  wire::CountedPage sum{1, 0, 0};
  while (sum.next < scan_end / 2) {
    const auto page = wire::read_counted_page(
        bench.run_one(asking(Opcode::count_page, {1, sum.next, scan_end / 2, 0, 100})).value);
    REQUIRE(page.has_value());
    REQUIRE(page->next > sum.next);
    sum = {page->next, sum.keys + page->keys, sum.bytes + page->bytes};
  }
  CHECK(sum == wire::CountedPage{scan_end / 2, expected.size(), bytes});
}

TEST_CASE("Copying: a set of ranges is replaced whole, and others stay", "[worker][copying]") {
  Bench bench;
  REQUIRE(bench.store.put("k", "v", 1));
  const std::uint64_t position = hash_bytes("k");
  const auto found = [&](std::uint32_t set) {
    return read_page(bench.run_one(asking(Opcode::copy_page, {set, 0, scan_end, 99, 99}))).count;
  };
  REQUIRE(bench.run_one(define(1, {{position, position}})) == ok());
  REQUIRE(bench.run_one(define(2, {{0, position - 1}, {position + 1, UINT64_MAX}})) == ok());
  CHECK(found(1) == 1);
  CHECK(found(2) == 0);
  REQUIRE(bench.run_one(define(1, {{0, position - 1}})) == ok());
  REQUIRE(bench.run_one(define(2, {{5, position - 1}, {position, position + 1}})) == ok());
  CHECK(found(1) == 0);
  CHECK(found(2) == 1);
}

TEST_CASE("Copying: unknown sets and broken requests are answered, and the rest runs",
          "[worker][copying]") {
  Bench bench;
  const Answer broken = error(errc::malformed_frame);
  const CopyRequest unknown{5, 0, scan_end, 10, 10};
  CHECK(bench.run({asking(Opcode::copy_page, unknown),
                   asking(Opcode::erase_page, unknown),
                   asking(Opcode::count_page, unknown),
                   {Opcode::put, "k", "v"}}) == std::vector{broken, broken, broken, ok()});
  for (const Opcode opcode : {Opcode::copy_page, Opcode::erase_page, Opcode::count_page}) {
    CHECK(bench.run_one({opcode, {}, {}}) == broken);
    CHECK(bench.run_one({opcode, {}, std::string(wire::copy_request_bytes - 1, '\0')}) == broken);
  }
  CHECK(bench.run_one(define(5, {{2, 1}})) == broken);
  CHECK(bench.run_one({Opcode::define_ranges, {}, {}}) == broken);
  CHECK(bench.run_one(asking(Opcode::copy_page, unknown)) == broken);
}

TEST_CASE("RangeSets: there is a limit to their number, not to their being replaced",
          "[worker][copying]") {
  Bench bench;
  for (std::uint32_t set = 0; set < RangeSets::most_sets; ++set)
    REQUIRE(bench.run_one(define(1'000 + set, whole_ring)) == ok());
  CHECK(bench.run_one(define(1, whole_ring)) == error(errc::out_of_memory));
  CHECK(bench.run_one(define(1'000, {{1, 2}})) == ok());
  CHECK(bench.run_one(asking(Opcode::count_page, {1, 0, 0, 0, 0})) == error(errc::malformed_frame));
}

TEST_CASE("RangeSets: one without ranges is forgotten, and makes room", "[worker][copying]") {
  Bench bench;
  CHECK(bench.run_one(define(1, {})) == ok());
  CHECK(bench.run_one(asking(Opcode::count_page, {1, 0, 0, 0, 0})) == error(errc::malformed_frame));
  for (std::uint32_t set = 0; set < 3 * RangeSets::most_sets; ++set) {
    REQUIRE(bench.run_one(define(set, whole_ring)) == ok());
    REQUIRE(bench.run_one(define(set, {})) == ok());
  }
  for (std::uint32_t set = 0; set < RangeSets::most_sets; ++set)
    REQUIRE(bench.run_one(define(set, whole_ring)) == ok());
}

TEST_CASE("RangeSets: there is a limit to their size together", "[worker][copying]") {
  constexpr std::size_t most = RangeSets::most_bytes / sizeof(RingRange);
  std::vector<RingRange> ranges(most + 1);
  for (std::size_t i = 0; i < ranges.size(); ++i)
    ranges[i] = {2 * i, 2 * i};
  Bench bench;
  CHECK(bench.run_one(define(1, ranges)) == error(errc::out_of_memory));
  ranges.pop_back();
  CHECK(bench.run_one(define(1, ranges)) == ok());
  CHECK(bench.run_one(define(1, ranges)) == ok());
  CHECK(bench.run_one(define(2, {{1, 1}})) == error(errc::out_of_memory));
  ranges.pop_back();
  CHECK(bench.run_one(define(1, ranges)) == ok());
  CHECK(bench.run_one(define(2, {{1, 1}})) == ok());
  CHECK(bench.run_one(define(3, {{1, 1}})) == error(errc::out_of_memory));
}

TEST_CASE("RangeSet: a position is found at the borders and nowhere else", "[worker][copying]") {
  const auto contains = [](const std::vector<RingRange>& ranges, std::uint64_t position) {
    ByteBuffer bytes;
    wire::append_ranges(bytes, 1, ranges);
    return RangeSet(*wire::RangesView::read(bytes.view())).contains(position);
  };
  const std::vector<RingRange> ranges{{3, 5}, {6, 6}, {9, 20}, {UINT64_MAX, UINT64_MAX}};
  for (const std::uint64_t inside : {3U, 4U, 5U, 6U, 9U, 20U})
    CHECK(contains(ranges, inside));
  for (const std::uint64_t outside : {0U, 2U, 7U, 8U, 21U})
    CHECK_FALSE(contains(ranges, outside));
  CHECK(contains(ranges, UINT64_MAX));
  CHECK_FALSE(contains(ranges, UINT64_MAX - 1));
  CHECK_FALSE(contains({}, 0));
}
