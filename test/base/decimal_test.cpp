#include "base/decimal.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace pkv {
namespace {

constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
constexpr auto largest = std::numeric_limits<std::int64_t>::max();

TEST_CASE("Decimal: every number reads back as itself", "[base]") {
  for (const std::int64_t number :
       {smallest, smallest + 1, std::int64_t{-10}, std::int64_t{-1}, std::int64_t{0},
        std::int64_t{1}, std::int64_t{9}, std::int64_t{10}, largest - 1, largest}) {
    CAPTURE(number);
    const Decimal text(number);
    CHECK(text.view() == std::to_string(number));
    CHECK(parse_integer(text.view()) == number);
  }
}

TEST_CASE("Decimal: only the canonical form is a number", "[base]") {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      "-"sv,
                                      "+"sv,
                                      "+5"sv,
                                      "-0"sv,
                                      "00"sv,
                                      "007"sv,
                                      "-07"sv,
                                      " 1"sv,
                                      "1 "sv,
                                      "1\n"sv,
                                      "1\0"sv,
                                      "\0"sv,
                                      "--1"sv,
                                      "0x10"sv,
                                      "1.0"sv,
                                      "1e3"sv,
                                      "ten"sv,
                                      "-+1"sv,
                                      "9223372036854775808"sv,
                                      "-9223372036854775809"sv,
                                      "99999999999999999999999"sv}) {
    CAPTURE(text);
    CHECK_FALSE(parse_integer(text).has_value());
  }
}

TEST_CASE("Decimal: reads no further than its text", "[base]") {
  const std::string digits = "12345";
  CHECK(parse_integer(std::string_view(digits).substr(0, 3)) == 123);
}

}  // namespace
}  // namespace pkv
