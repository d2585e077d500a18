#include "pkv/reply.hpp"

#include "protocol/reply_support.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace pkv;
using namespace pkv::test;
using namespace std::string_literals;

TEST_CASE("Reply: knows its kind and contents", "[protocol][reply]") {
  CHECK(Reply().is_nil());
  CHECK(Reply::nil().kind() == ReplyKind::nil);
  CHECK(Reply::status("OK").is_status());
  CHECK(Reply::status("OK").text() == "OK");
  CHECK(Reply::error("ERR x").is_error());
  CHECK(Reply::error("ERR x").text() == "ERR x");
  CHECK(Reply::integer(-3).is_integer());
  CHECK(Reply::integer(-3).integer() == -3);
  CHECK(Reply::bulk("v\0"s).is_bulk());
  CHECK(Reply::bulk("v\0"s).text() == "v\0"s);
  const Reply array = Reply::array({Reply::integer(1), Reply::nil()});
  CHECK(array.is_array());
  CHECK(array.elements().size() == 2);
  CHECK(array.elements()[1].is_nil());
}

TEST_CASE("Reply: refuses contents that its kind does not have", "[protocol][reply]") {
  CHECK_THROWS_AS(Reply::nil().text(), std::bad_variant_access);
  CHECK_THROWS_AS(Reply::integer(1).text(), std::bad_variant_access);
  CHECK_THROWS_AS(Reply::bulk("1").integer(), std::bad_variant_access);
  CHECK_THROWS_AS(Reply::bulk("1").elements(), std::bad_variant_access);
  CHECK_THROWS_AS(Reply::array({}).text(), std::bad_variant_access);
}

TEST_CASE("Reply: contents can be moved out", "[protocol][reply]") {
  Reply bulk = Reply::bulk(std::string(100, 'v'));
  const char* const address = bulk.text().data();
  const std::string value = std::move(bulk).take_text();
  CHECK(value.data() == address);
  CHECK(Reply::array({Reply::nil()}).take_elements().size() == 1);
}

TEST_CASE("Reply: equal means the same kind and contents", "[protocol][reply]") {
  const std::vector<Reply> replies = sample_replies();
  for (std::size_t i = 0; i < replies.size(); ++i) {
    for (std::size_t j = 0; j < replies.size(); ++j) {
      CAPTURE(i, j);
      CHECK((replies[i] == replies[j]) == (i == j));
    }
  }
  CHECK_FALSE(Reply::status("x") == Reply::bulk("x"));
  CHECK_FALSE(Reply::status("x") == Reply::error("x"));
}

TEST_CASE("Reply: is encoded as RESP2", "[protocol][reply]") {
  CHECK(encoded(Reply::nil()) == "$-1\r\n");
  CHECK(encoded(Reply::status("OK")) == "+OK\r\n");
  CHECK(encoded(Reply::error("ERR no")) == "-ERR no\r\n");
  CHECK(encoded(Reply::integer(-42)) == ":-42\r\n");
  CHECK(encoded(Reply::bulk("a\r\nb")) == "$4\r\na\r\nb\r\n");
  CHECK(encoded(Reply::bulk("")) == "$0\r\n\r\n");
  CHECK(encoded(Reply::array({})) == "*0\r\n");
  CHECK(encoded(Reply::array({Reply::integer(1), Reply::array({Reply::nil()})})) ==
        "*2\r\n:1\r\n*1\r\n$-1\r\n");
}

TEST_CASE("Reply: line ends in a status or error cannot forge another reply", "[protocol][reply]") {
  CHECK(encoded(Reply::status("a\r\n+b")) == "+a  +b\r\n");
  CHECK(encoded(Reply::error("ERR 'x\n'")) == "-ERR 'x '\r\n");
}

TEST_CASE("Reply: is appended behind what is there", "[protocol][reply]") {
  std::string bytes = "+OK\r\n";
  append_reply(bytes, Reply::integer(1));
  CHECK(bytes == "+OK\r\n:1\r\n");
}
