#include "protocol/request_support.hpp"

#include <catch2/catch.hpp>

using namespace pkv;
using namespace pkv::test;
using namespace std::string_literals;

namespace {

struct Fault {
  std::string stream;
  std::string error;
};

constexpr const char* multibulk = "ERR Protocol error: invalid multibulk length";
constexpr const char* bulk = "ERR Protocol error: invalid bulk length";
constexpr const char* line_end = "ERR Protocol error: expected CRLF after bulk";
constexpr const char* quotes = "ERR Protocol error: unbalanced quotes in request";

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = {
      {"*\r\n", multibulk},
      {"*abc\r\n", multibulk},
      {"*+1\r\n", multibulk},
      {"* 1\r\n", multibulk},
      {"*1 \r\n", multibulk},
      {"*01\r\n", multibulk},
      {"*00\r\n", multibulk},
      {"*-0\r\n", multibulk},
      {"*-\r\n", multibulk},
      {"*--1\r\n", multibulk},
      {"*1048577\r\n", multibulk},
      {"*4294967297\r\n", multibulk},
      {"*9223372036854775807\r\n", multibulk},
      {"*9223372036854775808\r\n", multibulk},
      {"*-9223372036854775809\r\n", multibulk},
      {"*18446744073709551617\r\n", multibulk},
      {"*99999999999999999999999\r\n", multibulk},
      {"*1\rx", multibulk},
      {"*1\n$4\r\nPING\r\n", multibulk},
      {"*1\0\r\n"s, multibulk},
      {"*1\r\n$\r\n", bulk},
      {"*1\r\n$-1\r\n", bulk},
      {"*1\r\n$-0\r\n", bulk},
      {"*1\r\n$+4\r\nPING\r\n", bulk},
      {"*1\r\n$04\r\nPING\r\n", bulk},
      {"*1\r\n$00\r\n\r\n", bulk},
      {"*1\r\n$012\r\nPING\r\n", bulk},
      {"*1\r\n$4x\r\nPING\r\n", bulk},
      {"*1\r\n$4\rxPING\r\n", bulk},
      {"*1\r\n$536870913\r\n", bulk},
      {"*1\r\n$9223372036854775807\r\n", bulk},
      {"*1\r\n$9223372036854775808\r\n", bulk},
      {"*1\r\n$18446744073709551620\r\n", bulk},
      {"*2\r\n$4\r\nECHO\r\n$-5\r\n", bulk},
      {"*2\r\n$4\r\nECHO\r\n$\rx", bulk},
      {"*1\r\n:1\r\n", "ERR Protocol error: expected '$', got ':'"},
      {"*1\r\nPING\r\n", "ERR Protocol error: expected '$', got 'P'"},
      {"*1\r\n*1\r\n$4\r\nPING\r\n", "ERR Protocol error: expected '$', got '*'"},
      {"*1\r\n\r\n", "ERR Protocol error: expected '$', got ' '"},
      {"*1\r\n\0"s, "ERR Protocol error: expected '$', got ' '"},
      {"*2\r\n$3\r\nGET\r\n+k\r\n", "ERR Protocol error: expected '$', got '+'"},
      {"*1\r\n$3\r\nPING\r\n", line_end},
      {"*1\r\n$4\r\nPING\n\n", line_end},
      {"*1\r\n$4\r\nPING\r\r", line_end},
      {"*1\r\n$0\r\nxx", line_end},
      {"GET \"key\r\n", quotes},
      {"GET 'key\r\n", quotes},
      {"GET \"key\"value\r\n", quotes},
      {"GET 'key'\"value\"\r\n", quotes},
      {"GET ke\"y\n", quotes},
      {"GET \"key\\\"\r\n", quotes},
      {"C \"key value\r\n", quotes},
  };
  return all;
}

}  // namespace

TEST_CASE("RequestParser: faults are worded as Redis words them", "[protocol][request]") {
  for (const Fault& fault : faults()) {
    CAPTURE(fault.stream);
    const Found found = parse("PING\r\n" + fault.stream);
    CHECK(found.commands == std::vector<Words>{{"PING"}});
    CHECK(found.error == fault.error);
  }
}

TEST_CASE("RequestParser: a fault is found wherever the stream is cut", "[protocol][request]") {
  for (const Fault& fault : faults()) {
    const std::string whole = "*1\r\n$4\r\nPING\r\n" + fault.stream;
    const std::string_view stream = whole;
    for (std::size_t cut = 1; cut < stream.size(); ++cut) {
      CAPTURE(fault.stream, cut);
      const Found found = parse_pieces({stream.substr(0, cut), stream.substr(cut)});
      CHECK(found.commands == std::vector<Words>{{"PING"}});
      CHECK(found.error == fault.error);
    }
  }
}

TEST_CASE("RequestParser: a fault comes after the commands before it", "[protocol][request]") {
  RequestParser parser{Limits{}};
  const std::string_view stream = "PING\r\n*x\r\nPING\r\n";
  CHECK(parser.next(stream) == ParseResult{ParseStatus::complete, 6, 0});
  CHECK_FALSE(parser.broken());
  CHECK(parser.next(stream.substr(6)).status == ParseStatus::error);
  CHECK(parser.broken());
}

TEST_CASE("RequestParser: once broken it stays broken", "[protocol][request]") {
  RequestParser parser{Limits{}};
  CHECK(parser.next("*x\r\n").status == ParseStatus::error);
  CHECK(parser.next("PING\r\n") == ParseResult{ParseStatus::error, 0, 0});
  CHECK(parser.next("") == ParseResult{ParseStatus::error, 0, 0});
  CHECK(parser.error_text() == multibulk);
}
