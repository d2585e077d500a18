#include "input_lines.hpp"
#include "line_batch.hpp"
#include "plain_text.hpp"
#include "table.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace pkv;
using namespace pkv::cli;

namespace {

/// What becomes of input that comes in pieces.
std::vector<std::string> lines_of(const std::vector<std::string_view>& pieces,
                                  std::size_t max_line_bytes = 1000) {
  std::vector<std::string> lines;
  const InputLines::OnLine note = [&](std::string_view line, bool too_long) {
    lines.emplace_back(too_long ? "<too long>" : line);
    return true;
  };
  InputLines input(max_line_bytes);
  for (const std::string_view piece : pieces)
    CHECK(input.split(piece, note));
  CHECK(input.finish(note));
  return lines;
}

std::string plain(const Reply& reply, Bytes how = Bytes::raw, std::string_view key = {}) {
  std::string text;
  append_plain(text, reply, how, key);
  return text;
}

std::string shown(std::string_view bytes, Bytes how) {
  std::string text;
  append_bytes(text, bytes, how);
  return text;
}

}  // namespace

TEST_CASE("InputLines: where the input is cut does not matter", "[pkv]") {
  const std::string_view input = "ab\r\n\ncd\re\nf";
  const std::vector<std::string> expected{"ab", "", "cd\re", "f"};
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    CAPTURE(cut);
    CHECK(lines_of({input.substr(0, cut), input.substr(cut)}) == expected);
  }
  CHECK(lines_of({"a\n"}) == std::vector<std::string>{"a"});
  CHECK(lines_of({}).empty());
}

TEST_CASE("InputLines: a line over the limit is reported once, the next is whole", "[pkv]") {
  const std::string_view input = "1234\n12345\n1\n";
  const std::vector<std::string> expected{"1234", "<too long>", "1"};
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    CAPTURE(cut);
    CHECK(lines_of({input.substr(0, cut), input.substr(cut)}, 4) == expected);
  }
  CHECK(lines_of({"12", "34", "56"}, 4) == std::vector<std::string>{"<too long>"});
}

TEST_CASE("InputLines: nothing is passed on after the last line that is wanted", "[pkv]") {
  int lines = 0;
  InputLines input(100);
  CHECK_FALSE(input.split("a\nb\nc\n", [&](std::string_view, bool) { return ++lines < 2; }));
  CHECK(lines == 2);
}

TEST_CASE("LineParser: every line that is one becomes a command", "[pkv]") {
  LineBatch batch;
  LineParser parser;
  CHECK(parser.add("C k the  value", batch));
  CHECK(parser.add("  # no comment: the first character decides", batch));
  CHECK(parser.add("# comment", batch));
  CHECK(parser.add(" \t", batch));
  CHECK(parser.add("GET 'open", batch));
  CHECK_FALSE(parser.add("dOnE", batch));
  CHECK_FALSE(parser.add("quit", batch));
  CHECK(batch.commands.size() == 3);
  REQUIRE(batch.lines.size() == 4);
  CHECK(batch.lines[0].text == "k");
  CHECK_FALSE(batch.lines[2].sent);
  Pipeline expected;
  expected.add("C", "k", "the  value");
  CHECK(batch.commands.encoded().starts_with(expected.encoded()));
}

TEST_CASE("Plain text: replies are one line of plain words", "[pkv]") {
  CHECK(plain(Reply::status("OK")) == "OK");
  CHECK(plain(Reply::integer(-3)) == "-3");
  CHECK(plain(Reply::nil()) == "(nil)");
  CHECK(plain(Reply::bulk(" a\n")) == " a\n");
  CHECK(plain(Reply::array({})).empty());
  CHECK(plain(Reply::array({Reply::bulk("a"), Reply::bulk("b\n"), Reply::nil(), Reply::bulk(""),
                            Reply::array({Reply::integer(1), Reply::bulk("\"")})})) ==
        R"(a "b\n" (nil) "" [1 "\""])");
}

TEST_CASE("Plain text: errors lose the code that says nothing", "[pkv]") {
  CHECK(plain(Reply::error("NOTFOUND no such key"), Bytes::raw, "k") == "error: no such key: k");
  CHECK(plain(Reply::error("EXISTS key already exists"), Bytes::raw, "a\nb") ==
        "error: key already exists: a\\nb");
  CHECK(plain(Reply::error("ERR syntax error"), Bytes::raw, "k") == "error: syntax error");
  CHECK(plain(Reply::error("WRONGTYPE no"), Bytes::raw, "k") == "error: WRONGTYPE no");
  CHECK(plain(Reply::error("OOM")) == "error: OOM");
  CHECK(plain(Reply::error("ERR")) == "error: ERR");
  CHECK(plain(Reply::error("")) == "error: ");
}

TEST_CASE("Plain text: escaping keeps text readable and everything else visible", "[pkv]") {
  CHECK(shown("a\\\t\n\r", Bytes::escaped) == "a\\\\\\t\\n\\r");
  CHECK(shown("a\\\t\n\r", Bytes::shown) == "a\\\t\n\\r");
  CHECK(shown("\x1b[2J\x7f", Bytes::shown) == "\\x1b[2J\\x7f");
  const std::string_view text = "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80";
  CHECK(shown(text, Bytes::escaped) == text);
  CHECK(shown(text, Bytes::raw) == text);
  // Cut short, overlong, a surrogate, beyond Unicode, a control character in two bytes.
  CHECK(shown("\xe2\x82", Bytes::shown) == "\\xe2\\x82");
  CHECK(shown("\xc0\xaf", Bytes::shown) == "\\xc0\\xaf");
  CHECK(shown("\xe0\x80\xaf", Bytes::shown) == "\\xe0\\x80\\xaf");
  CHECK(shown("\xed\xa0\x80", Bytes::shown) == "\\xed\\xa0\\x80");
  CHECK(shown("\xf4\x90\x80\x80", Bytes::shown) == "\\xf4\\x90\\x80\\x80");
  CHECK(shown("\xc2\x9b", Bytes::shown) == "\\xc2\\x9b");
}

TEST_CASE("Tables: records line up under their fields, whichever they have", "[pkv]") {
  const auto bulk = [](const char* text) { return Reply::bulk(text); };
  const Reply records =
      Reply::array({Reply::array({bulk("id"), Reply::integer(1), bulk("host"), bulk("berlin")}),
                    Reply::array({bulk("id"), Reply::integer(12), bulk("state"), bulk("down")})});
  CHECK(table_of(records) ==
        "id  host    state\n"
        " 1  berlin\n"
        "12          down\n");
  CHECK(fields_of(records.elements()[0]) ==
        "id    1\n"
        "host  berlin\n");
}

TEST_CASE("Tables: what is no table is shown as any reply", "[pkv]") {
  CHECK(table_of(Reply::bulk("x")) == "\"x\"\n");
  CHECK(table_of(Reply::array({Reply::integer(1)})) == "1) (integer) 1\n");
  CHECK(fields_of(Reply::array({Reply::bulk("odd")})) == "1) \"odd\"\n");
  CHECK(fields_of(Reply::array({Reply::integer(1), Reply::integer(2)})) ==
        "1) (integer) 1\n2) (integer) 2\n");
}
