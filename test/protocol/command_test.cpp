#include "pkv/command.hpp"

#include "protocol/request_support.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>

using namespace pkv;
using namespace pkv::test;
using namespace std::string_literals;

TEST_CASE("Command: is made of text and integers", "[protocol][command]") {
  const std::string key = "key";
  const std::string_view value = "value";
  const Command command("SET", key, value, 7, -1L, std::uint8_t{200},
                        std::numeric_limits<std::uint64_t>::max());
  CHECK(command.name() == "SET");
  const Words expected = {"key", "value", "7", "-1", "200", "18446744073709551615"};
  CHECK(Words(command.arguments().begin(), command.arguments().end()) == expected);
  CHECK(command.words().size() == 7);
}

TEST_CASE("Command: truth values and characters are no words", "[protocol][command]") {
  STATIC_REQUIRE_FALSE(CommandWord<bool>);
  STATIC_REQUIRE_FALSE(CommandWord<char>);
  STATIC_REQUIRE_FALSE(CommandWord<double>);
  STATIC_REQUIRE(CommandWord<const char*>);
  STATIC_REQUIRE(CommandWord<std::int64_t>);
}

TEST_CASE("Command: grows word by word", "[protocol][command]") {
  Command command("MSET");
  command.add("a").add(1).add("b"s).add(std::string_view("2"));
  CHECK(command == Command("MSET", "a", "1", "b", "2"));
  CHECK(command == Command(Words{"MSET", "a", "1", "b", "2"}));
  CHECK_FALSE(command == Command("MSET", "a", "1", "b"));
}

TEST_CASE("Command: a copy of a variable command is a command", "[protocol][command]") {
  Command original("GET", "key");
  Command copy(original);
  CHECK(copy == original);
  CHECK(copy.words().size() == 2);
}

TEST_CASE("Command: is encoded as an array of bulk strings", "[protocol][command]") {
  std::string bytes = "before";
  append_command(bytes, Command("SET", "\0\r\n"s, ""));
  CHECK(bytes == "before*3\r\n$3\r\nSET\r\n$3\r\n\0\r\n\r\n$0\r\n\r\n"s);

  bytes.clear();
  const std::vector<std::string_view> words = {"GET", "key with 19 letters"};
  append_command(bytes, words);
  CHECK(bytes == "*2\r\n$3\r\nGET\r\n$19\r\nkey with 19 letters\r\n");
}

TEST_CASE("Command: what is encoded is what is parsed", "[protocol][command]") {
  for (const std::size_t bytes :
       std::vector<std::size_t>{0, 1, 9, 10, 99, 100, 999, 1000, 99'999, 100'000}) {
    const Words words = {"ECHO", std::string(bytes, '\n')};
    CHECK(parse(encoded(words)).commands == std::vector<Words>{words});
  }
}
