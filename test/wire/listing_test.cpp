#include "wire/listing.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pkv::wire {
namespace {

std::string page_of(std::uint64_t next, const std::vector<std::string>& keys) {
  ByteBuffer bytes;
  bytes.extend(key_page_head_bytes);
  store_key_page_head(bytes.data(), next);
  for (const std::string& key : keys)
    append_listed_key(bytes, key);
  return std::string(bytes.view());
}

}  // namespace

TEST_CASE("Listing: a request is read as it was written, and not if it is cut off",
          "[wire][listing]") {
  ByteBuffer bytes;
  append_list_request(bytes, {7, 100, scan_end - 1, "a*"});
  const auto request = read_list_request(bytes.view());
  REQUIRE(request);
  CHECK(request->set == 7);
  CHECK(request->most_entries == 100);
  CHECK(request->from == scan_end - 1);
  CHECK(request->pattern == "a*");
  CHECK(read_list_request(bytes.view().substr(0, list_request_head_bytes))->pattern.empty());
  for (std::size_t cut = 0; cut < list_request_head_bytes; ++cut)
    CHECK_FALSE(read_list_request(bytes.view().substr(0, cut)));
}

TEST_CASE("Listing: there is nothing to ask for behind all positions", "[wire][listing]") {
  ByteBuffer bytes;
  append_list_request(bytes, {7, 100, scan_end, "*"});
  CHECK_FALSE(read_list_request(bytes.view()));
}

TEST_CASE("Listing: a page is read as it was written", "[wire][listing]") {
  const std::vector<std::string> keys{"a", "", std::string(70'000, 'k')};
  const std::string page = page_of(scan_end, keys);
  KeyPageReader reader(page);
  CHECK(reader.next_position() == scan_end);
  std::vector<std::string> read;
  for (std::string_view key; reader.next(key);)
    read.emplace_back(key);
  CHECK(read == keys);
  CHECK(reader.complete());
}

TEST_CASE("Listing: a page that is cut off anywhere but between keys is not whole",
          "[wire][listing]") {
  const std::string page = page_of(5, {"one", "two"});
  const auto is_whole = [](std::string_view bytes) {
    KeyPageReader reader(bytes);
    for (std::string_view key; reader.next(key);) {
    }
    return reader.complete();
  };
  for (std::size_t cut = 0; cut <= page.size(); ++cut) {
    CAPTURE(cut);
    CHECK(is_whole(page.substr(0, cut)) == (cut == 8 || cut == 15 || cut == 22));
  }
  CHECK_FALSE(is_whole(page_of(scan_end + 1, {})));
}

}  // namespace pkv::wire
