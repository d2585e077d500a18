#include "pkv/reply.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace pkv;
using namespace std::string_literals;

// The expectations are what redis-cli 7.0 prints on a terminal.
TEST_CASE("Reply text: single replies read as in redis-cli", "[protocol][reply]") {
  CHECK(to_text(Reply::nil()) == "(nil)");
  CHECK(to_text(Reply::status("OK")) == "OK");
  CHECK(to_text(Reply::error("ERR syntax error")) == "(error) ERR syntax error");
  CHECK(to_text(Reply::integer(-3)) == "(integer) -3");
  CHECK(to_text(Reply::bulk("value")) == "\"value\"");
  CHECK(to_text(Reply::bulk("")) == "\"\"");
  CHECK(to_text(Reply::array({})) == "(empty array)");
}

TEST_CASE("Reply text: unprintable bytes of values are escaped", "[protocol][reply]") {
  CHECK(to_text(Reply::bulk("\n\r\t\a\b")) == R"("\n\r\t\a\b")");
  CHECK(to_text(Reply::bulk(R"(a "b" \c 'd')")) == R"("a \"b\" \\c 'd'")");
  CHECK(to_text(Reply::bulk("\0\x1f \x7e\x7f\x80\xff"s)) == R"("\x00\x1f ~\x7f\x80\xff")");
}

TEST_CASE("Reply text: elements are numbered and nested arrays indented", "[protocol][reply]") {
  const Reply inner = Reply::array({Reply::bulk("b"), Reply::array({}), Reply::nil()});
  CHECK(to_text(Reply::array({Reply::integer(1), inner, Reply::status("OK")})) ==
        "1) (integer) 1\n"
        "2) 1) \"b\"\n"
        "   2) (empty array)\n"
        "   3) (nil)\n"
        "3) OK");
  CHECK(to_text(Reply::array({Reply::array({inner})})) ==
        "1) 1) 1) \"b\"\n"
        "      2) (empty array)\n"
        "      3) (nil)");
}

TEST_CASE("Reply text: numbers are aligned to the longest", "[protocol][reply]") {
  std::vector<Reply> elements(10, Reply::integer(0));
  elements[8] = Reply::array({Reply::nil(), Reply::nil()});
  const std::string text = to_text(Reply::array(elements));
  CHECK(text.starts_with(" 1) (integer) 0\n 2) (integer) 0\n"));
  CHECK(text.ends_with("\n 9) 1) (nil)\n    2) (nil)\n10) (integer) 0"));
}
