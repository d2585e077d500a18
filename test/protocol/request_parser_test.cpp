#include "protocol/request_parser.hpp"

#include "protocol/request_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace pkv;
using namespace pkv::test;
using namespace std::string_literals;

namespace {

/// Every form a command can have, and what may stand between commands.
struct Sample {
  std::string stream;
  std::vector<Words> commands;
};

Sample valid_sample() {
  Sample sample;
  const auto add = [&sample](const std::string& bytes, std::vector<Words> commands) {
    sample.stream += bytes;
    for (Words& words : commands)
      sample.commands.push_back(std::move(words));
  };
  add("*1\r\n$4\r\nPING\r\n", {{"PING"}});
  add("*3\r\n$3\r\nSET\r\n$5\r\ncolor\r\n$3\r\nred\r\n", {{"SET", "color", "red"}});
  add("*2\r\n$3\r\nGET\r\n$0\r\n\r\n", {{"GET", ""}});
  add("\r\n\n   \r\n", {});
  add("*0\r\n*-1\r\n*-9223372036854775808\r\n", {});
  add("GET color\r\n", {{"GET", "color"}});
  add("get color\n", {{"get", "color"}});
  add("  SET\tkey  \"a \\\"b\\\"\\x00\" \r\n", {{"SET", "key", "a \"b\"\0"s}});
  add("C motto all's well, \"they said\" \r\n", {{"C", "motto", "all's well, \"they said\" "}});
  const std::string binary = "\r\n$3\r\n*1\r\n\0\xff"s;
  add(encoded(Words{"SET", binary, binary}), {{"SET", binary, binary}});
  const std::string digits(300, '7');
  add(encoded(Words{"ECHO", digits}), {{"ECHO", digits}});
  Words many(101, "k");
  many.front() = "MGET";
  add(encoded(many), {many});
  add("u k 'v'\r\nDONE\r\n", {{"u", "k", "v"}, {"DONE"}});
  return sample;
}

}  // namespace

TEST_CASE("RequestParser: finds every form of a command", "[protocol][request]") {
  const Sample sample = valid_sample();
  const Found found = parse(sample.stream);
  CHECK(found.commands == sample.commands);
  CHECK(found.error.empty());
  CHECK(found.unread_bytes == 0);
}

TEST_CASE("RequestParser: where the stream is cut does not matter", "[protocol][request]") {
  const Sample sample = valid_sample();
  const std::string_view stream = sample.stream;
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    CAPTURE(cut);
    const Found found = parse_pieces({stream.substr(0, cut), stream.substr(cut)});
    REQUIRE(found.commands == sample.commands);
    REQUIRE(found.error.empty());
  }
}

TEST_CASE("RequestParser: byte by byte it finds the same", "[protocol][request]") {
  const Sample sample = valid_sample();
  RequestFeed feed;
  for (const char byte : sample.stream)
    feed.receive({&byte, 1});
  CHECK(feed.found().commands == sample.commands);
  CHECK(feed.found().error.empty());
}

TEST_CASE("RequestParser: in random pieces it finds the same", "[protocol][request]") {
  const Sample sample = valid_sample();
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::geometric_distribution<std::size_t> piece_bytes(0.02);
  for (int round = 0; round < 50; ++round) {
    RequestFeed feed;
    std::string_view rest = sample.stream;
    while (!rest.empty()) {
      const std::size_t bytes = std::min(rest.size(), piece_bytes(random) + 1);
      feed.receive(rest.substr(0, bytes));
      rest.remove_prefix(bytes);
    }
    REQUIRE(feed.found().commands == sample.commands);
  }
}

TEST_CASE("RequestParser: a command cut short is neither a command nor an error",
          "[protocol][request]") {
  const std::string stream =
      GENERATE("*3\r\n$3\r\nSET\r\n$5\r\ncolor\r\n$11\r\nyellowgreen\r\n"s,
               "SET color \"very red\"\r\n"s, "*-1\r\n"s, "C key 'value'\r\n"s);
  CAPTURE(stream);
  for (std::size_t bytes = 0; bytes < stream.size(); ++bytes) {
    CAPTURE(bytes);
    RequestFeed feed;
    feed.receive(std::string_view(stream).substr(0, bytes));
    CHECK(feed.found().commands.empty());
    CHECK(feed.last_result().status == ParseStatus::need_more);
    CHECK(feed.last_result().consumed_bytes == 0);
    CHECK(feed.last_result().needed_bytes >= 1);
    CHECK(bytes + feed.last_result().needed_bytes <= stream.size());
  }
}

TEST_CASE("RequestParser: says how much of a large value is missing", "[protocol][request]") {
  const std::size_t value_bytes = 1 << 20;
  const std::string stream = encoded(Command("SET", "key", std::string(value_bytes, 'v')));
  const std::size_t value_begin = stream.size() - value_bytes - 2;
  for (const std::size_t bytes : {value_begin, value_begin + 1, stream.size() - 1}) {
    RequestFeed feed;
    feed.receive(std::string_view(stream).substr(0, bytes));
    CHECK(feed.last_result() == ParseResult{ParseStatus::need_more, 0, stream.size() - bytes});
  }
}

TEST_CASE("RequestParser: arguments are views into the caller's bytes", "[protocol][request]") {
  const std::string stream = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
  RequestParser parser{Limits{}};
  REQUIRE(parser.next(stream).status == ParseStatus::complete);
  CHECK(parser.arguments()[0].data() == stream.data() + 8);
  CHECK(parser.arguments()[1].data() == stream.data() + 17);
}

TEST_CASE("RequestParser: consumes skipped lines even when no command follows",
          "[protocol][request]") {
  RequestParser parser{Limits{}};
  CHECK(parser.next("\r\n*0\r\n \nGE") == ParseResult{ParseStatus::need_more, 8, 1});
  CHECK(parser.next("GET\n") == ParseResult{ParseStatus::complete, 4, 0});
  CHECK(parser.next("") == ParseResult{ParseStatus::need_more, 0, 1});
}

TEST_CASE("RequestParser: reset forgets an unfinished command and an error",
          "[protocol][request]") {
  RequestParser parser{Limits{}};
  const std::string broken = GENERATE("*3\r\n$3\r\nSET\r\n$5\r\nco"s, "*1\r\n:1\r\n"s, "GET col"s);
  CHECK(parser.next(broken).status != ParseStatus::complete);
  parser.reset();
  CHECK_FALSE(parser.broken());
  REQUIRE(parser.next("*1\r\n$4\r\nPING\r\n").status == ParseStatus::complete);
  CHECK(parser.arguments().size() == 1);
  CHECK(parser.arguments()[0] == "PING");
}

TEST_CASE("RequestParser: a large value in small pieces is not read again and again",
          "[protocol][request]") {
  // Quadratic, it would look at 2^44 bytes; linear, it takes milliseconds.
  const std::size_t value_bytes = std::size_t{64} << 20;
  const std::string stream = encoded(Command("SET", "key", std::string(value_bytes, '\n')));
  RequestParser parser{Limits{}};
  for (std::size_t shown = 64; shown < stream.size(); shown += 128) {
    const ParseResult result = parser.next(std::string_view(stream).substr(0, shown));
    if (result.status != ParseStatus::need_more) FAIL("complete after " << shown);
  }
  REQUIRE(parser.next(stream).status == ParseStatus::complete);
  CHECK(parser.arguments()[2].size() == value_bytes);
}
