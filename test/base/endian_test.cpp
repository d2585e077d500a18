#include "base/endian.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

using pkv::load;
using pkv::store;

TEST_CASE("endian: numbers are written with the low byte first", "[endian]") {
  std::array<char, 15> bytes{};
  char* at = bytes.data();
  at = store(at, std::uint8_t{0x01});
  at = store(at, std::uint16_t{0x0203});
  at = store(at, std::uint32_t{0x04050607});
  at = store(at, std::uint64_t{0x08090a0b0c0d0e0f});
  CHECK(at == bytes.data() + bytes.size());
  CHECK(std::string_view(bytes.data(), bytes.size()) ==
        std::string_view("\x01\x03\x02\x07\x06\x05\x04\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08", 15));
}

TEMPLATE_TEST_CASE("endian: every number comes back, aligned or not", "[endian]", std::uint8_t,
                   std::uint16_t, std::uint32_t, std::uint64_t, std::int64_t) {
  using Limits = std::numeric_limits<TestType>;
  std::array<char, 2 * sizeof(TestType)> bytes{};
  for (std::size_t offset = 0; offset < sizeof(TestType); ++offset) {
    CAPTURE(offset);
    for (const TestType value : {Limits::min(), TestType{1}, Limits::max()}) {
      const char* const after = store(bytes.data() + offset, value);
      CHECK(after == bytes.data() + offset + sizeof(TestType));
      CHECK(load<TestType>(bytes.data() + offset) == value);
    }
  }
}
