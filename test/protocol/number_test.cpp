#include "protocol/number_line.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace pkv;

TEST_CASE("The quick reading of a length agrees with the thorough one", "[protocol][number]") {
  for (const std::string line :
       {"$0\r\n", "$9\r\n", "$10\r\n", "$12345678\r\n", "$12345678\r\n+", "$1\r\n2\r\n"}) {
    CAPTURE(line);
    std::size_t length = 0;
    const char* const behind =
        parse_length_line(line.data() + 1, line.data() + line.size(), length);
    const NumberLine thorough = read_number_line(line, 0);
    REQUIRE(thorough.status == NumberLine::Status::complete);
    CHECK(behind == line.data() + thorough.bytes);
    CHECK(length == static_cast<std::size_t>(thorough.number));
  }
}

TEST_CASE("The quick reading of a length leaves the unusual alone", "[protocol][number]") {
  for (const std::string line :
       {"$", "$1", "$12345678", "$1\r", "$123456789\r\n", "$-1\r\n", "$00\r\n", "$01\r\n", "$\r\n",
        "$x\r\n", "$1x\r\n", "$1\n\n", "$1\rx", "$ 1\r\n", "$1 \r\n", "$12345678\r"}) {
    CAPTURE(line);
    std::size_t length = 77;
    CHECK(parse_length_line(line.data() + 1, line.data() + line.size(), length) == nullptr);
    CHECK(length == 77);
  }
}

TEST_CASE("A line without a type byte is malformed", "[protocol][number]") {
  CHECK(read_number_line("\r\n", 0).status == NumberLine::Status::malformed);
}
