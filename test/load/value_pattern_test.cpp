#include "load/value_pattern.hpp"

#include "load/keys.hpp"
#include "load/random.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace pkv::bench;

namespace {

std::string value_of(const ValuePattern& pattern, std::uint64_t key, std::uint64_t version) {
  std::string value(pattern.value_bytes(), '\0');
  pattern.write(value.data(), key, version);
  return value;
}

// Around every boundary of the format: the header, one block and two.
constexpr std::size_t sizes[] = {1,    2,    7,    8,     9,     15,    16,     17,     64,
                                 8206, 8207, 8208, 16397, 16398, 16399, 100000, 1048577};

}  // namespace

TEST_CASE("Values: what was written matches, whatever the version", "[load]") {
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    const ValuePattern pattern(size);
    for (const std::uint64_t key : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX})
      for (const std::uint64_t version : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX})
        CHECK(pattern.matches(value_of(pattern, key, version), key));
  }
}

TEST_CASE("Values: any changed byte is noticed and found", "[load]") {
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    const ValuePattern pattern(size);
    std::string value = value_of(pattern, 12, 34);
    for (std::size_t at = 0; at < size; at += at < 40 ? 1 : 1 + size / 300) {
      CAPTURE(at);
      value[at] = static_cast<char>(value[at] ^ 1);
      REQUIRE_FALSE(pattern.matches(value, 12));
      const std::string fault = pattern.fault_of(value, 12);
      REQUIRE(fault != "is right");
      if (at >= 16) REQUIRE(fault == "differs from byte " + std::to_string(at) + " on");
      value[at] = static_cast<char>(value[at] ^ 1);
    }
  }
}

TEST_CASE("Values: that of another key, or of another length, is noticed", "[load]") {
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    const ValuePattern pattern(size);
    int noticed = 0;
    for (std::uint64_t key = 1; key <= 100; ++key)
      noticed += pattern.matches(value_of(pattern, key, 5), 0) ? 0 : 1;
    // A single byte is the same for one key in 256.
    CHECK(noticed >= (size == 1 ? 95 : 99));
    const std::string value = value_of(pattern, 1, 5);
    CHECK_FALSE(pattern.matches(value + 'x', 1));
    CHECK_FALSE(pattern.matches(value.substr(1), 1));
    CHECK_FALSE(pattern.matches("", 1));
    CHECK(pattern.fault_of("", 1) == "has 0 bytes instead of " + std::to_string(size));
  }
}

TEST_CASE("Values: parts that changed places are noticed", "[load]") {
  const ValuePattern pattern(64 << 10);
  const std::string value = value_of(pattern, 3, 9);
  for (const std::size_t page : {512U, 4096U, 8192U, 16384U}) {
    CAPTURE(page);
    std::string swapped = value;
    swapped.replace(page, page, value, 2 * page, page);
    CHECK_FALSE(pattern.matches(swapped, 3));
  }
}

TEST_CASE("Values: versions differ where they fit", "[load]") {
  std::set<std::string> seen;
  const ValuePattern pattern(16);
  for (std::uint64_t version = 0; version < 100; ++version)
    seen.insert(value_of(pattern, 1, version));
  CHECK(seen.size() == 100);
}

TEST_CASE("Values: are the same in every version of the program", "[load]") {
  // A later run may check what an earlier one stored.
  std::string hexadecimal;
  for (const char byte : value_of(ValuePattern(20), 1, 2))
    for (const int nibble : {(byte >> 4) & 15, byte & 15})
      hexadecimal += "0123456789abcdef"[nibble];
  CHECK(hexadecimal == "0200000000000000736b8577135c1a08db567982");
}

TEST_CASE("Keys: numbers stand at the end, with zeros before", "[load]") {
  const Keys keys("key:", 9);
  CHECK(keys.name_of(0) == "key:00000");
  CHECK(keys.name_of(7) == "key:00007");
  CHECK(keys.name_of(99'999) == "key:99999");
  CHECK(keys.limit() == 100'000);
  CHECK(Keys("", 1).limit() == 10);
  CHECK(Keys("", 19).limit() == 10'000'000'000'000'000'000U);
  CHECK(Keys("", 20).limit() == UINT64_MAX);
  CHECK(Keys("", 25).name_of(UINT64_MAX) == "0000018446744073709551615");
}
