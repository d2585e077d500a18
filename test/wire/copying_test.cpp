#include "wire/copying.hpp"

#include "base/endian.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

using namespace pkv;
using wire::CopiedEntry;
using wire::CopyRequest;
using wire::PageReader;
using wire::RangesView;
using wire::RingRange;

namespace {

std::string written(const std::function<void(ByteBuffer&)>& write) {
  ByteBuffer bytes;
  write(bytes);
  return std::string(bytes.view());
}

std::string encoded(std::uint32_t set, const std::vector<RingRange>& ranges) {
  return written([&](ByteBuffer& to) { wire::append_ranges(to, set, ranges); });
}

std::string encoded(const CopyRequest& request) {
  return written([&](ByteBuffer& to) { wire::append_copy_request(to, request); });
}

std::string page_of(std::uint64_t next, std::uint32_t count,
                    const std::vector<CopiedEntry>& entries) {
  return written([&](ByteBuffer& to) {
    wire::store_page_head(to.extend(wire::page_head_bytes), next, count);
    for (const CopiedEntry& entry : entries)
      wire::append_entry(to, entry);
  });
}

/// How many entries a page gives before it ends.
std::size_t read_all(PageReader& reader) {
  std::size_t read = 0;
  for (CopiedEntry entry; reader.next(entry);)
    ++read;
  return read;
}

const std::vector<CopiedEntry> examples{{"key", "value", 7}, {"", "", UINT64_MAX}};

}  // namespace

TEST_CASE("Copying: ranges come back in order", "[wire][copying]") {
  const std::vector<RingRange> ranges{
      {0, 0}, {1, 5}, {10, UINT64_MAX - 1}, {UINT64_MAX, UINT64_MAX}};
  const std::string value = encoded(0xFFFFFFFE, ranges);
  const auto read = RangesView::read(value);
  REQUIRE(read.has_value());
  CHECK(read->set() == 0xFFFFFFFE);
  REQUIRE(read->size() == ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i)
    CHECK((*read)[i] == ranges[i]);
}

TEST_CASE("Copying: a set may have no ranges", "[wire][copying]") {
  const std::string value = encoded(3, {});
  const auto read = RangesView::read(value);
  REQUIRE(read.has_value());
  CHECK(read->set() == 3);
  CHECK(read->size() == 0);
}

TEST_CASE("Copying: ranges that touch backwards, overlap or turn round are refused",
          "[wire][copying]") {
  CHECK(RangesView::read(encoded(1, {{5, 9}, {10, 11}})).has_value());
  CHECK_FALSE(RangesView::read(encoded(1, {{5, 9}, {9, 11}})).has_value());
  CHECK_FALSE(RangesView::read(encoded(1, {{5, 9}, {6, 7}})).has_value());
  CHECK_FALSE(RangesView::read(encoded(1, {{5, 9}, {1, 2}})).has_value());
  CHECK_FALSE(RangesView::read(encoded(1, {{5, 4}})).has_value());
}

TEST_CASE("Copying: cut ranges are refused wherever they are cut", "[wire][copying]") {
  const std::string value = encoded(1, {{5, 9}, {10, 11}});
  for (std::size_t length = 0; length < value.size(); ++length) {
    CAPTURE(length);
    // A copy of exactly that length, so that the sanitizers see a read beyond it.
    const std::string cut(value, 0, length);
    CHECK(RangesView::read(cut).has_value() == (length == 4 || length == 20));
  }
}

TEST_CASE("Copying: a request comes back as it was written", "[wire][copying]") {
  const CopyRequest request{0x01020304, 5, wire::scan_end, UINT32_MAX, 4096};
  const std::string value = encoded(request);
  CHECK(wire::read_copy_request(value) == request);
  for (std::size_t length = 0; length < value.size(); ++length)
    CHECK_FALSE(wire::read_copy_request(std::string(value, 0, length)).has_value());
  CHECK_FALSE(wire::read_copy_request(value + '\0').has_value());
}

TEST_CASE("Copying: a request's positions are in order and within the scan", "[wire][copying]") {
  const auto accepted = [](std::uint64_t from, std::uint64_t to) {
    return wire::read_copy_request(encoded({1, from, to, 0, 0})).has_value();
  };
  CHECK(accepted(0, 0));
  CHECK(accepted(wire::scan_end, wire::scan_end));
  CHECK_FALSE(accepted(1, 0));
  CHECK_FALSE(accepted(0, wire::scan_end + 1));
  CHECK_FALSE(accepted(UINT64_MAX, UINT64_MAX));
}

TEST_CASE("Copying: the bytes never change", "[wire][copying]") {
  using std::string_view;
  CHECK(encoded(0x04030201, {{1, 2}}) ==
        string_view("\x01\x02\x03\x04\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 20));
  CHECK(encoded({1, 2, 3, 4, 5}) ==
        string_view("\x01\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x04\0\0\0\x05\0\0\0", 28));
  CHECK(page_of(6, 1, {{"key", "value", 7, 8}}) ==
        string_view("\x06\0\0\0\0\0\0\0\x01\0\0\0"
                    "\x03\0\0\0\x05\0\0\0\x07\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0"
                    "keyvalue",
                    44));
  CHECK(written([](ByteBuffer& to) {
          wire::append_erased_page(to, {1, 2});
        }) == string_view("\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 16));
  CHECK(written([](ByteBuffer& to) {
          wire::append_counted_page(to, {1, 2, 3});
        }) == string_view("\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0", 24));
}

TEST_CASE("Copying: a page's entries come back in order", "[wire][copying]") {
  const std::string long_value(300'000, 'v');
  std::vector<CopiedEntry> entries = examples;
  entries.push_back({"third", long_value, 8});
  const std::string page = page_of(wire::scan_end, 3, entries);
  CHECK(page.size() == wire::page_head_bytes + wire::encoded_bytes(entries[0]) +
                           wire::encoded_bytes(entries[1]) + wire::encoded_bytes(entries[2]));
  PageReader reader(page);
  CHECK(reader.next_position() == wire::scan_end);
  CopiedEntry entry;
  for (const CopiedEntry& wanted : entries) {
    REQUIRE(reader.next(entry));
    CHECK(entry == wanted);
  }
  CHECK_FALSE(reader.next(entry));
  CHECK(reader.complete());
}

TEST_CASE("Copying: a page without entries is a page", "[wire][copying]") {
  const std::string page = page_of(5, 0, {});
  PageReader reader(page);
  CHECK(reader.next_position() == 5);
  CHECK(read_all(reader) == 0);
  CHECK(reader.complete());
}

TEST_CASE("Copying: a cut page is refused wherever it is cut", "[wire][copying]") {
  const std::string page = page_of(5, 2, examples);
  for (std::size_t length = 0; length < page.size(); ++length) {
    CAPTURE(length);
    const std::string cut(page, 0, length);
    PageReader reader(cut);
    CHECK(read_all(reader) < 2);
    CHECK_FALSE(reader.complete());
  }
}

TEST_CASE("Copying: a page that is not what its head says is refused", "[wire][copying]") {
  for (const std::uint32_t announced : {0U, 1U, 3U, UINT32_MAX}) {
    CAPTURE(announced);
    const std::string page = page_of(5, announced, examples);
    PageReader reader(page);
    CHECK(read_all(reader) == std::min<std::size_t>(announced, 2));
    CHECK_FALSE(reader.complete());
  }
  const std::string beyond = page_of(wire::scan_end + 1, 2, examples);
  PageReader reader(beyond);
  read_all(reader);
  CHECK_FALSE(reader.complete());
}

TEST_CASE("Copying: an entry's lengths may not exceed the page, nor overflow", "[wire][copying]") {
  const auto readable = [](std::uint32_t key_bytes, std::uint32_t value_bytes) {
    std::string page = page_of(5, 1, {{"key", "value", 7}});
    store(page.data() + wire::page_head_bytes, key_bytes);
    store(page.data() + wire::page_head_bytes + 4, value_bytes);
    PageReader reader(page);
    return read_all(reader) == 1;
  };
  CHECK(readable(3, 5));
  CHECK(readable(8, 0));
  CHECK(readable(0, 8));
  CHECK_FALSE(readable(3, 6));
  CHECK_FALSE(readable(4, 5));
  CHECK_FALSE(readable(0x80000000, 0x80000008));  // 8 modulo 2^32
  CHECK_FALSE(readable(UINT32_MAX, UINT32_MAX));
}

TEST_CASE("Copying: the largest entry there can be fits into a page", "[wire][copying]") {
  const std::uint64_t largest = wire::page_head_bytes + wire::entry_overhead_bytes +
                                ((std::uint64_t{1} << 17) - 1) + ((std::uint64_t{1} << 30) - 1);
  CHECK(largest <= wire::largest_page_bytes);
}

TEST_CASE("Copying: what was erased and counted comes back whole or not at all",
          "[wire][copying]") {
  const wire::ErasedPage erased{wire::scan_end, UINT64_MAX};
  const std::string one = written([&](ByteBuffer& to) { wire::append_erased_page(to, erased); });
  CHECK(wire::read_erased_page(one) == erased);
  const wire::CountedPage counted{wire::scan_end - 1, 2, UINT64_MAX};
  const std::string two = written([&](ByteBuffer& to) { wire::append_counted_page(to, counted); });
  CHECK(wire::read_counted_page(two) == counted);
  for (std::size_t length = 0; length < two.size(); ++length) {
    CHECK(wire::read_erased_page(std::string(two, 0, length)).has_value() == (length == 16));
    CHECK_FALSE(wire::read_counted_page(std::string(two, 0, length)).has_value());
  }
  CHECK_FALSE(wire::read_counted_page(two + 'x').has_value());

  const std::uint64_t beyond = wire::scan_end + 1;
  CHECK_FALSE(wire::read_erased_page(written([&](ByteBuffer& to) {
                wire::append_erased_page(to, {beyond, 0});
              })).has_value());
  CHECK_FALSE(wire::read_counted_page(written([&](ByteBuffer& to) {
                wire::append_counted_page(to, {beyond, 0, 0});
              })).has_value());
}

TEST_CASE("Copying: random bytes are never read beyond their end", "[wire][copying]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string page(random() % 80, '\0');
    // Small numbers, so that some of it makes sense.
    for (char& byte : page)
      byte = static_cast<char>(random() % 16 == 0 ? random() % 8 : 0);
    PageReader reader(page);
    for (CopiedEntry entry; reader.next(entry);) {
      REQUIRE(entry.key.data() >= page.data());
      REQUIRE(entry.key.data() + entry.key.size() == entry.value.data());
      REQUIRE(entry.value.data() + entry.value.size() <= page.data() + page.size());
    }
  }
}
