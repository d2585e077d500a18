#include "protocol/reply_parser.hpp"

#include "protocol/reply_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace pkv;
using namespace pkv::test;
using namespace std::string_literals;

namespace {

/// Shows a stream to a parser as a client does; see RequestFeed.
class ReplyFeed {
 public:
  explicit ReplyFeed(const ReplyLimits& limits = {}) : parser_(limits) {}

  void receive(std::string_view piece) {
    unread_.append(piece);
    while (!parser_.broken()) {
      const auto moved = std::make_unique<char[]>(unread_.size());
      unread_.copy(moved.get(), unread_.size());
      last_ = parser_.next({moved.get(), unread_.size()});
      if (last_.status == ParseStatus::complete) replies_.push_back(parser_.take());
      unread_.erase(0, last_.consumed_bytes);
      if (last_.status != ParseStatus::complete) break;
    }
  }

  [[nodiscard]] const std::vector<Reply>& replies() const noexcept { return replies_; }

  [[nodiscard]] const ParseResult& last_result() const noexcept { return last_; }

  [[nodiscard]] std::string error() const { return std::string(parser_.error_text()); }

  [[nodiscard]] std::size_t unread_bytes() const noexcept { return unread_.size(); }

 private:
  ReplyParser parser_;
  std::string unread_;
  ParseResult last_;
  std::vector<Reply> replies_;
};

std::string sample_stream() {
  std::string stream;
  for (const Reply& reply : sample_replies())
    append_reply(stream, reply);
  return stream;
}

std::string error_of(std::string_view stream, const ReplyLimits& limits = {}) {
  ReplyFeed whole(limits);
  whole.receive(stream);
  ReplyFeed pieces(limits);
  for (const char byte : stream)
    pieces.receive({&byte, 1});
  CHECK(whole.error() == pieces.error());
  CHECK(whole.replies() == pieces.replies());
  return whole.error();
}

std::string nested(std::size_t depth) {
  std::string stream;
  for (std::size_t i = 0; i < depth; ++i)
    stream += "*1\r\n";
  return stream + ":1\r\n";
}

}  // namespace

TEST_CASE("ReplyParser: reads back every reply that is written", "[protocol][reply]") {
  ReplyFeed feed;
  feed.receive(sample_stream());
  CHECK(feed.replies() == sample_replies());
  CHECK(feed.last_result() == ParseResult{ParseStatus::need_more, 0, 1});
  CHECK(feed.unread_bytes() == 0);
}

TEST_CASE("ReplyParser: where the stream is cut does not matter", "[protocol][reply]") {
  const std::vector<Reply> expected = sample_replies();
  const std::string whole = sample_stream();
  const std::string_view stream = whole;
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    ReplyFeed feed;
    feed.receive(stream.substr(0, cut));
    feed.receive(stream.substr(cut));
    CAPTURE(cut, feed.error());
    REQUIRE(feed.replies() == expected);
  }
}

TEST_CASE("ReplyParser: byte by byte it finds the same", "[protocol][reply]") {
  ReplyFeed feed;
  for (const char byte : sample_stream())
    feed.receive({&byte, 1});
  CHECK(feed.replies() == sample_replies());
}

TEST_CASE("ReplyParser: in random pieces it finds the same", "[protocol][reply]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::geometric_distribution<std::size_t> piece_bytes(0.01);
  const std::string stream = sample_stream();
  for (int round = 0; round < 50; ++round) {
    ReplyFeed feed;
    std::string_view rest = stream;
    while (!rest.empty()) {
      const std::size_t bytes = std::min(rest.size(), piece_bytes(random) + 1);
      feed.receive(rest.substr(0, bytes));
      rest.remove_prefix(bytes);
    }
    REQUIRE(feed.replies() == sample_replies());
  }
}

TEST_CASE("ReplyParser: a reply cut short is neither a reply nor an error", "[protocol][reply]") {
  for (const Reply& reply : sample_replies()) {
    const std::string stream = encoded(reply);
    for (std::size_t bytes = 0; bytes < stream.size(); ++bytes) {
      ReplyFeed feed;
      feed.receive(std::string_view(stream).substr(0, bytes));
      REQUIRE(feed.last_result().status == ParseStatus::need_more);
      REQUIRE(feed.last_result().needed_bytes >= 1);
      REQUIRE(bytes + feed.last_result().needed_bytes <= stream.size());
    }
  }
}

TEST_CASE("ReplyParser: takes both forms of nil", "[protocol][reply]") {
  ReplyFeed feed;
  feed.receive("$-1\r\n*-1\r\n*2\r\n*-1\r\n$-1\r\n");
  const std::vector<Reply> expected = {Reply::nil(), Reply::nil(),
                                       Reply::array({Reply::nil(), Reply::nil()})};
  CHECK(feed.replies() == expected);
}

TEST_CASE("ReplyParser: an array may have more elements than room is made for at first",
          "[protocol][reply]") {
  const Reply array = Reply::array(std::vector<Reply>(5000, Reply::integer(7)));
  ReplyFeed feed;
  feed.receive(encoded(array));
  CHECK(feed.replies() == std::vector<Reply>{array});
}

TEST_CASE("ReplyParser: consumes a large bulk as it comes", "[protocol][reply]") {
  const std::string value(1 << 20, 'v');
  const std::string stream = encoded(Reply::bulk(value));
  ReplyFeed feed;
  std::string_view rest = stream;
  while (rest.size() > 1000) {
    feed.receive(rest.substr(0, 1000));
    rest.remove_prefix(1000);
    REQUIRE(feed.unread_bytes() == 0);
    REQUIRE(feed.last_result().needed_bytes == rest.size());
  }
  feed.receive(rest);
  REQUIRE(feed.replies().size() == 1);
  CHECK(feed.replies()[0].text() == value);
}

TEST_CASE("ReplyParser: says what the server did wrong", "[protocol][reply]") {
  const std::string broke = "the server broke the protocol: ";
  CHECK(error_of("HTTP/1.1 400\r\n") == broke + "a reply begins with 'H'");
  CHECK(error_of("%1\r\n") == broke + "a reply begins with '%'");
  CHECK(error_of("\r\n") == broke + "a reply begins with byte 0x0d");
  CHECK(error_of("\xff") == broke + "a reply begins with byte 0xff");
  CHECK(error_of(":\r\n") == broke + "what follows ':' is not a number");
  CHECK(error_of(":1x\r\n") == broke + "what follows ':' is not a number");
  CHECK(error_of(":9223372036854775808\r\n") == broke + "what follows ':' is not a number");
  CHECK(error_of("$07\r\n") == broke + "what follows '$' is not a number");
  CHECK(error_of("*+1\r\n") == broke + "what follows '*' is not a number");
  CHECK(error_of("$-2\r\n") == broke + "a bulk has the length -2");
  CHECK(error_of("*-2\r\n") == broke + "an array has -2 elements");
  CHECK(error_of("+a\rb\r\n") == broke + "a carriage return stands within a line");
  CHECK(error_of("$1\r\nabc") == broke + "a bulk is longer than it was said to be");
  CHECK(error_of("$1\r\na\n\n") == broke + "a bulk is longer than it was said to be");
  CHECK(error_of(":" + std::string(100'000, '1')) == broke + "what follows ':' is not a number");
}

TEST_CASE("ReplyParser: limits are taken, one more is not", "[protocol][reply]") {
  const ReplyLimits limits{
      .max_bulk_bytes = 10, .max_line_bytes = 10, .max_elements = 3, .max_depth = 32};
  CHECK(error_of("$10\r\n0123456789\r\n", limits).empty());
  CHECK_FALSE(error_of("$11\r\n", limits).empty());
  CHECK_FALSE(error_of("$9223372036854775807\r\n", limits).empty());
  CHECK(error_of("+0123456789\r\n", limits).empty());
  CHECK(error_of("+0123456789", limits).empty());
  CHECK_FALSE(error_of("-0123456789x", limits).empty());
  CHECK(error_of("*3\r\n:1\r\n:2\r\n:3\r\n", limits).empty());
  CHECK_FALSE(error_of("*4\r\n", limits).empty());
  CHECK(error_of(nested(32), limits).empty());
  CHECK_FALSE(error_of(nested(33), limits).empty());
}

TEST_CASE("ReplyParser: stays broken until reset", "[protocol][reply]") {
  ReplyParser parser;
  CHECK(parser.next("*2\r\n:1\r\n?").status == ParseStatus::error);
  CHECK(parser.next("+OK\r\n").status == ParseStatus::error);
  CHECK(parser.broken());
  parser.reset();
  CHECK_FALSE(parser.broken());
  REQUIRE(parser.next("+OK\r\n") == ParseResult{ParseStatus::complete, 5, 0});
  CHECK(parser.take() == Reply::status("OK"));
}

TEST_CASE("ReplyParser: reset forgets an unfinished reply", "[protocol][reply]") {
  const std::string unfinished = GENERATE("$10\r\nabc"s, "*2\r\n+OK\r\n"s, "+O"s, "*1\r\n$5\r\n"s);
  ReplyParser parser;
  CHECK(parser.next(unfinished).status == ParseStatus::need_more);
  parser.reset();
  REQUIRE(parser.next("$1\r\nx\r\n").status == ParseStatus::complete);
  CHECK(parser.take() == Reply::bulk("x"));
}

TEST_CASE("ReplyParser: an announced array costs nothing before its elements come",
          "[protocol][reply]") {
  // Reserving what is announced would ask for 32 arrays of 16 million replies each.
  std::string stream;
  for (int i = 0; i < 32; ++i)
    stream += "*16777216\r\n";
  ReplyParser parser;
  CHECK(parser.next(stream).status == ParseStatus::need_more);
}
