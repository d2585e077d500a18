#include "sql/token.hpp"

#include <catch2/catch.hpp>

namespace pkv::sql {

using Kind = Token::Kind;

TEST_CASE("A statement is parted into words, and comments are left out", "[sql][token]") {
  const Tokens tokens = tokens_of("SELECT a.b||'it''s' -- why\n, /* no */ x'0f' >= 1.5e-3;");
  std::vector<std::string> texts;
  for (const Token& token : tokens)
    texts.push_back(token.text);
  CHECK(texts == std::vector<std::string>{"SELECT", "a", ".", "b", "||", "'it''s'", ",", "x'0f'",
                                          ">=", "1.5e-3", ";"});
  CHECK(tokens[5].kind == Kind::text);
  CHECK(tokens[5].name() == "it's");
  CHECK(tokens[7].kind == Kind::blob);
  CHECK(tokens[9].kind == Kind::number);
}

TEST_CASE("A token knows where it stands", "[sql][token]") {
  const Tokens tokens = tokens_of("  a\t+ b");
  REQUIRE(tokens.size() == 3);
  CHECK(tokens[0].offset == 2);
  CHECK(tokens[1].offset == 4);
  CHECK(tokens[2].offset == 6);
}

TEST_CASE("Names in all of SQL's quotes are names", "[sql][token]") {
  for (const char* quoted : {"\"si\"\"ze\"", "`si\"ze`", "[si\"ze]"}) {
    CAPTURE(quoted);
    const Tokens tokens = tokens_of(quoted);
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].kind == Kind::quoted);
    CHECK(tokens[0].name() == "si\"ze");
  }
}

TEST_CASE("What is not ended goes to the end", "[sql][token]") {
  for (const char* open :
       {"'abc", "\"abc", "[abc", "/* abc", "-- abc", "x'", "'", "1e", "?", "\\"}) {
    CAPTURE(open);
    CHECK(tokens_of(open).size() <= 1);
  }
}

TEST_CASE("Keywords are equal in capitals or not, texts are not", "[sql][token]") {
  CHECK(tokens_of("Sum(SIZE)") == tokens_of("sum ( size )"));
  CHECK_FALSE(tokens_of("'A'") == tokens_of("'a'"));
  CHECK(tokens_of("GROUP")[0].is("group"));
  CHECK_FALSE(tokens_of("\"group\"")[0].is("group"));
  CHECK(to_text(tokens_of("a<=b")) == "a <= b");
}

}  // namespace pkv::sql
