#include "integration/client_program.hpp"

#include <catch2/catch.hpp>

using namespace pkv::test;

TEST_CASE("pkv: lines are answered in order, one line each", "[pkv]") {
  ClientProgram pkv;
  const Outcome outcome = pkv.feed(
      "C city Paris\n"
      "c city Rome\n"
      "R city\n"
      "U city New York,  \"the\" big one \n"
      "r city\n"
      "MSET a 1 b \"x y\"\n"
      "MGET a b none\n"
      "INCR a\n"
      "D city\n"
      "D city\n"
      "GET none\n");
  CHECK(outcome.output ==
        "OK\n"
        "error: key already exists: city\n"
        "Paris\n"
        "OK\n"
        "New York,  \"the\" big one \n"
        "OK\n"
        "1 \"x y\" (nil)\n"
        "2\n"
        "OK\n"
        "error: no such key: city\n"
        "(nil)\n");
  CHECK(outcome.exit_status == 1);
  CHECK(outcome.errors.empty());
}

TEST_CASE("pkv: when all lines succeed so does the program", "[pkv]") {
  ClientProgram pkv;
  CHECK(pkv.feed("C a 1\nR a\n").exit_status == 0);
  CHECK(pkv.feed("").exit_status == 0);
}

TEST_CASE("pkv: DONE ends the session in whatever case, and what follows is not read", "[pkv]") {
  ClientProgram pkv;
  for (const std::string done : {"DONE", "done", " Done \r"}) {
    const Outcome outcome = pkv.feed("SET a 1\nGET a\n" + done + "\nSET a 2\n");
    CHECK(outcome.exit_status == 0);
    CHECK(outcome.output == "OK\n1\n");
  }
  CHECK(pkv.feed("GET a").output == "1\n");
  // Only alone on its line.
  CHECK(pkv.feed("C done done\nR done\nDONE").output == "OK\ndone\n");
}

TEST_CASE("pkv: QUIT is answered and ends the session", "[pkv]") {
  ClientProgram pkv;
  const Outcome outcome = pkv.feed("SET a 1\nQUIT\nSET a 2\n");
  CHECK(outcome.exit_status == 0);
  CHECK(outcome.output == "OK\nOK\n");
}

TEST_CASE("pkv: the last line needs no line end", "[pkv]") {
  ClientProgram pkv;
  CHECK(pkv.feed("SET a 1\nGET a").output == "OK\n1\n");
  CHECK(pkv.feed("GET a").output == "1\n");
}

TEST_CASE("pkv: empty lines and comments are skipped, and \\r\\n ends a line as well", "[pkv]") {
  ClientProgram pkv;
  CHECK(pkv.feed("\n# C a 0\r\n   \nC a 1\r\n\r\nR a\r\n").output == "OK\n1\n");
}

TEST_CASE("pkv: a line with unbalanced quotes fails alone, in its place", "[pkv]") {
  ClientProgram pkv;
  const Outcome outcome = pkv.feed("SET a \"x\nSET a 1\nGET 'a\nGET a\nGET \"a\"b\n");
  const std::string refused = "error: a quote is not closed, or not followed by a blank\n";
  CHECK(outcome.output == refused + "OK\n" + refused + "1\n" + refused);
  CHECK(outcome.exit_status == 1);
  CHECK(pkv.feed("GET 'a\n").output == refused);
}

TEST_CASE("pkv: commands that the server does not know fail alone", "[pkv]") {
  ClientProgram pkv;
  const Outcome outcome = pkv.feed("FROB a\nPING\n");
  CHECK(outcome.output.starts_with("error: unknown command 'FROB'"));
  CHECK(outcome.output.ends_with("\nPONG\n"));
}

TEST_CASE("pkv: values with line ends are raw, or escaped if asked for", "[pkv]") {
  ClientProgram pkv;
  const std::string_view lines = "SET v \"l1\\nl2\\t\\x00\\\\ \xc3\xa4\\xff\"\nGET v\n";
  const std::string raw = std::string("OK\nl1\nl2\t") + '\0' + "\\ \xc3\xa4\xff\n";
  CHECK(pkv.feed(lines).output == raw);
  CHECK(pkv.run({"--escape"}, lines).output == "OK\nl1\\nl2\\t\\x00\\\\ \xc3\xa4\\xff\n");
}

TEST_CASE("pkv: no answer of many is lost or out of place", "[pkv]") {
  ClientProgram pkv;
  constexpr int keys = 50'000;
  std::string input;
  std::string expected;
  for (int key = 0; key < keys; ++key) {
    const std::string number = std::to_string(key);
    input += "C key:" + number + " value " + number + "\n";
    expected += "OK\n";
  }
  for (int key = 0; key < keys; ++key) {
    const std::string number = std::to_string(key);
    input += (key % 100 == 99 ? "R missing:" : "R key:") + number + "\n";
    expected +=
        key % 100 == 99 ? "error: no such key: missing:" + number + "\n" : "value " + number + "\n";
  }
  const Outcome outcome = pkv.feed(input);
  CHECK(outcome.exit_status == 1);
  CHECK((outcome.output == expected));  // without Catch printing a megabyte
}

TEST_CASE("pkv: a line far longer than any buffer is one command", "[pkv]") {
  ClientProgram pkv;
  const std::string value(std::size_t{5} << 20, 'v');
  const Outcome outcome = pkv.feed("C big " + value + "\nSTRLEN big\nR big");
  CHECK(outcome.exit_status == 0);
  CHECK((outcome.output == "OK\n" + std::to_string(value.size()) + "\n" + value + "\n"));
}

TEST_CASE("pkv: answers come before the input ends", "[pkv]") {
  ClientProgram pkv;
  // The second command is not written before the first is answered.
  const Outcome outcome = pkv.shell(
      "dir=$(mktemp -d) && mkfifo $dir/answers && "
      "{ echo 'C a 1'; read answer < $dir/answers; echo \"C b $answer\"; } | "
      "$PKV | { read first; echo $first > $dir/answers; echo $first; cat; }; rm -r $dir; "
      "$PKV get b");
  CHECK(outcome.output == "OK\nOK\nOK");
}

TEST_CASE("pkv: a reader that had enough ends it quietly", "[pkv]") {
  ClientProgram pkv;
  const Outcome outcome =
      pkv.shell("yes 'SET a 1' | head -n 300000 | { $PKV; echo status $? >&2; } | head -n 1");
  CHECK(outcome.output == "OK\n");
  CHECK(outcome.errors == "status 1\n");
}
