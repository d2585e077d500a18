#include "protocol/inline_command.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;

namespace {

using Words = std::vector<std::string>;

std::optional<Words> split(std::string_view line) {
  std::vector<std::string_view> views;
  std::string unquoted;
  if (!pkv::split_inline_command(line, views, unquoted)) return std::nullopt;
  return Words(views.begin(), views.end());
}

}  // namespace

TEST_CASE("Inline command: words are separated by blanks", "[protocol][inline]") {
  CHECK(split("") == Words{});
  CHECK(split(" \t\v\f\r ") == Words{});
  CHECK(split("GET") == Words{"GET"});
  CHECK(split("  GET \t key\r") == Words{"GET", "key"});
  CHECK(split("a\rb") == Words{"a", "b"});
  CHECK(split("a\vb\fc") == Words{"a\vb\fc"});  // a word ends at blank, tab and line end only
  CHECK(split("\va") == Words{"a"});
  CHECK(split("a\0b c"s) == Words{"a\0b"s, "c"});
  CHECK(split("\xff\x80 \xc3\xa9") == Words{"\xff\x80", "\xc3\xa9"});
}

TEST_CASE("Inline command: double quotes know escapes", "[protocol][inline]") {
  CHECK(split(R"("")") == Words{""});
  CHECK(split(R"("a b" "c")") == Words{"a b", "c"});
  CHECK(split(R"("\n\r\t\a\b")") == Words{"\n\r\t\a\b"});
  CHECK(split(R"("\\ \" \' \q")") == Words{R"(\ " ' q)"});
  CHECK(split(R"("\x41\x0a\xFF\x00")") == Words{"A\n\xff\0"s});
  CHECK(split(R"("\x4" "\xg0" "\x4g" "\x")") == Words{"x4", "xg0", "x4g", "x"});
  CHECK(split(R"("it's")") == Words{"it's"});
}

TEST_CASE("Inline command: single quotes know only themselves", "[protocol][inline]") {
  CHECK(split(R"('')") == Words{""});
  CHECK(split(R"('a "b" c')") == Words{R"(a "b" c)"});
  CHECK(split(R"('it\'s')") == Words{"it's"});
  CHECK(split(R"('\n\x41\\ ')") == Words{R"(\n\x41\\ )"});
  CHECK_FALSE(split(R"('\\')").has_value());  // the second backslash escapes the quote
}

TEST_CASE("Inline command: outside of quotes a backslash is a byte", "[protocol][inline]") {
  CHECK(split(R"(a\nb \x41 \\)") == Words{R"(a\nb)", R"(\x41)", R"(\\)"});
}

TEST_CASE("Inline command: quotes may begin within a word", "[protocol][inline]") {
  CHECK(split(R"(key"with blank" x)") == Words{"keywith blank", "x"});
  CHECK(split("k'v w'") == Words{"kv w"});
}

TEST_CASE("Inline command: unbalanced quotes are refused", "[protocol][inline]") {
  for (const char* line :
       {R"(")", R"(')", R"("a)", R"('a)", R"(a")", R"("a\")", R"('a\')", R"("a"b)", R"('a'b)",
        R"("a""b")", R"('a''b')", R"("a"'b')", R"(GET "a)", R"(SET k "a"b)", R"("\)", R"("\x4)"}) {
    CAPTURE(line);
    CHECK_FALSE(split(line).has_value());
  }
}

TEST_CASE("Inline command: a closing quote may be followed by any blank", "[protocol][inline]") {
  CHECK(split("\"a\"\vb") == Words{"a", "b"});
  CHECK(split("'a'\tb") == Words{"a", "b"});
}

TEST_CASE("Inline command: C and U take the rest of the line as the value", "[protocol][inline]") {
  for (const std::string verb : {"C", "c", "U", "u"}) {
    CAPTURE(verb);
    CHECK(split(verb + " key value") == Words{verb, "key", "value"});
    CHECK(split(verb + " key two words") == Words{verb, "key", "two words"});
    CHECK(split(verb + " key  two  blanks  ") == Words{verb, "key", " two  blanks  "});
    CHECK(split("  " + verb + "  key value") == Words{verb, "key", "value"});
    CHECK(split(verb + "\tkey\t\tvalue") == Words{verb, "key", "\tvalue"});
    CHECK(split(verb + R"( "my key" the value)") == Words{verb, "my key", "the value"});
    CHECK(split(verb + R"( 'my key' it's "so")") == Words{verb, "my key", R"(it's "so")"});
    CHECK(split(verb + R"( key C:\new "x)") == Words{verb, "key", R"(C:\new "x)"});
  }
  CHECK(split("\"C\" key two words") == Words{"C", "key", "two words"});
}

TEST_CASE("Inline command: C and U unquote a value that is one quoted word", "[protocol][inline]") {
  CHECK(split(R"(C key "two\nlines")") == Words{"C", "key", "two\nlines"});
  CHECK(split(R"(C key '')") == Words{"C", "key", ""});
  CHECK(split(R"(U "a b" 'c d')") == Words{"U", "a b", "c d"});
  CHECK(split(R"(C key "a" )") == Words{"C", "key", R"("a" )"});
  CHECK(split(R"(C key "a" "b")") == Words{"C", "key", R"("a" "b")"});
  CHECK(split(R"(C key "a"b)") == Words{"C", "key", R"("a"b)"});
  CHECK(split(R"(C key "a)") == Words{"C", "key", R"("a)"});
  CHECK(split(R"(C "k" "\x41\x4)") == Words{"C", "k", R"("\x41\x4)"});
  CHECK(split(R"(C key x"a b")") == Words{"C", "key", R"(x"a b")"});
}

TEST_CASE("Inline command: C and U without a value have one word less", "[protocol][inline]") {
  CHECK(split("C") == Words{"C"});
  CHECK(split("C ") == Words{"C"});
  CHECK(split("C key") == Words{"C", "key"});
  CHECK(split("C key ") == Words{"C", "key", ""});
  CHECK(split("C \"key\"") == Words{"C", "key"});
  CHECK_FALSE(split("C \"key").has_value());
}

TEST_CASE("Inline command: other verbs split all of the line", "[protocol][inline]") {
  CHECK(split("R key more") == Words{"R", "key", "more"});
  CHECK(split("D a b") == Words{"D", "a", "b"});
  CHECK(split("CC a b c") == Words{"CC", "a", "b", "c"});
  CHECK(split("SET key two words") == Words{"SET", "key", "two", "words"});
}

TEST_CASE("Inline command: views stay valid to the end of a long line", "[protocol][inline]") {
  std::string line;
  Words expected;
  for (int i = 0; i < 2000; ++i) {
    line += " \"" + std::to_string(i) + " \\\"\"";
    expected.push_back(std::to_string(i) + " \"");
  }
  CHECK(split(line) == expected);
}

TEST_CASE("Inline command: words are added behind those there are", "[protocol][inline]") {
  std::vector<std::string_view> words = {"C", "first"};
  std::string unquoted = "old";
  REQUIRE(pkv::split_inline_command("C key a b", words, unquoted));
  CHECK(words == std::vector<std::string_view>{"C", "first", "C", "key", "a b"});
}
