#include "wire/node_statistics.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace pkv;

TEST_CASE("NodeStatistics: comes back as it was written", "[wire][statistics]") {
  ByteBuffer bytes;
  wire::append_statistics(bytes, {.keys = 1,
                                  .stored_bytes = 0x0203,
                                  .resident_bytes = UINT64_MAX,
                                  .operations = 0x0405060708090a0b,
                                  .expiring_keys = 6});
  const auto statistics = wire::read_statistics(bytes.view());
  REQUIRE(statistics);
  CHECK(statistics->keys == 1);
  CHECK(statistics->stored_bytes == 0x0203);
  CHECK(statistics->resident_bytes == UINT64_MAX);
  CHECK(statistics->operations == 0x0405060708090a0b);
  CHECK(statistics->expiring_keys == 6);
}

TEST_CASE("NodeStatistics: the bytes never change", "[wire][statistics]") {
  ByteBuffer bytes;
  bytes.append("before");
  wire::append_statistics(bytes, {.keys = 1,
                                  .stored_bytes = 0x0203,
                                  .resident_bytes = 4,
                                  .operations = 5,
                                  .expiring_keys = 6});
  CHECK(bytes.view() == std::string_view("before"
                                         "\x01\0\0\0\0\0\0\0"
                                         "\x03\x02\0\0\0\0\0\0"
                                         "\x04\0\0\0\0\0\0\0"
                                         "\x05\0\0\0\0\0\0\0"
                                         "\x06\0\0\0\0\0\0\0",
                                         6 + wire::node_statistics_bytes));
}

TEST_CASE("NodeStatistics: any other length is refused", "[wire][statistics]") {
  for (std::size_t length = 0; length <= 2 * wire::node_statistics_bytes; ++length) {
    CAPTURE(length);
    CHECK(wire::read_statistics(std::string(length, 'x')).has_value() ==
          (length == wire::node_statistics_bytes));
  }
}
