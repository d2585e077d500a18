#include "base/utf8.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace pkv {

TEST_CASE("Text is UTF-8 without a zero", "[base][utf8]") {
  for (const char* text : {"", "a", "plain text that is longer than a word", "\xc3\xa4",
                           "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf",
                           "\x7f", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"}) {
    CAPTURE(text);
    CHECK(is_utf8_text(text));
  }
  for (const char* bytes :
       {"\x80", "\xc3", "\xc3(", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xf0\x9f\x98"}) {
    CAPTURE(bytes);
    CHECK_FALSE(is_utf8_text(bytes));
  }
}

TEST_CASE("A fault is found wherever it stands", "[base][utf8]") {
  for (std::size_t size = 1; size < 20; ++size)
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      CHECK(is_utf8_text(text));
      text[at] = '\0';
      CHECK_FALSE(is_utf8_text(text));
      text[at] = '\xff';
      CHECK_FALSE(is_utf8_text(text));
      text[at] = '\x7f';
      CHECK(is_utf8_text(text));
    }
}

}  // namespace pkv
