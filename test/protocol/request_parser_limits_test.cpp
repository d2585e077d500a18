#include "protocol/number_line.hpp"
#include "protocol/request_support.hpp"

#include <catch2/catch.hpp>

#include <utility>

using namespace pkv;
using namespace pkv::test;

namespace {

Limits small_limits() {
  Limits limits;
  limits.max_key_bytes = 8;
  limits.max_value_bytes = 100;
  limits.max_inline_bytes = 32;
  limits.max_arguments = 5;
  return limits;
}

}  // namespace

TEST_CASE("RequestParser: a bulk of the largest size is taken, one byte more is not",
          "[protocol][request]") {
  const Words largest = {"ECHO", std::string(100, 'x')};
  CHECK(parse(encoded(largest), small_limits()).commands == std::vector<Words>{largest});
  const Found over = parse("*2\r\n$4\r\nECHO\r\n$101\r\n", small_limits());
  CHECK(over.error == "ERR Protocol error: invalid bulk length");
}

TEST_CASE("RequestParser: the larger of key and value limit counts", "[protocol][request]") {
  Limits limits = small_limits();
  std::swap(limits.max_key_bytes, limits.max_value_bytes);
  const Words largest = {"ECHO", std::string(100, 'x')};
  CHECK(parse(encoded(largest), limits).commands == std::vector<Words>{largest});
  CHECK_FALSE(parse("*1\r\n$101\r\n", limits).error.empty());
}

TEST_CASE("RequestParser: as many arguments as allowed are taken, one more is not",
          "[protocol][request]") {
  const Words most = {"a", "b", "c", "d", "e"};
  CHECK(parse(encoded(most), small_limits()).commands == std::vector<Words>{most});
  CHECK(parse("a b c d e\n", small_limits()).commands == std::vector<Words>{most});
  CHECK(parse("*6\r\n", small_limits()).error == "ERR Protocol error: invalid multibulk length");
  CHECK(parse("a b c d e f\n", small_limits()).error ==
        "ERR Protocol error: too big inline request");
}

TEST_CASE("RequestParser: a million arguments are taken", "[protocol][request]") {
  const Words most(Limits{}.max_arguments, "k");
  const Found found = parse(encoded(most));
  REQUIRE(found.commands.size() == 1);
  CHECK(found.commands.front() == most);
}

TEST_CASE("RequestParser: a line of the largest size is taken, one byte more is not",
          "[protocol][request]") {
  const Limits limits = small_limits();
  const std::string long_name(30, 'x');
  CHECK(parse(long_name + "\r\n", limits).commands == std::vector<Words>{{long_name}});
  CHECK(parse(long_name + "x\n", limits).commands == std::vector<Words>{{long_name + "x"}});

  const char* const too_big = "ERR Protocol error: too big inline request";
  CHECK(parse(long_name + "x\r\n", limits).error == too_big);
  CHECK(parse(long_name + "x", limits).error.empty());
  CHECK(parse(long_name + "xx", limits).error == too_big);

  RequestFeed feed(limits);
  for (const char byte : long_name + "x")
    feed.receive({&byte, 1});
  CHECK(feed.found().error.empty());
  feed.receive("x");
  CHECK(feed.found().error == too_big);
}

TEST_CASE("RequestParser: endless counts are given up", "[protocol][request]") {
  const std::string endless(max_number_line_bytes - 1, '1');
  CHECK(parse("*" + endless).error == "ERR Protocol error: too big mbulk count string");
  CHECK(parse("*1\r\n$" + endless).error == "ERR Protocol error: too big bulk count string");

  std::string shorter = endless;
  shorter.pop_back();
  CHECK(parse("*" + shorter).error.empty());
  CHECK(parse("*" + shorter + "\r\n").error == "ERR Protocol error: invalid multibulk length");
  CHECK(parse("*1\r\n$" + shorter).error.empty());
  CHECK(parse("*1\r\n$" + shorter + "\r\n").error == "ERR Protocol error: invalid bulk length");
}
