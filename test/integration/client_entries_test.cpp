#include "base64.hpp"
#include "entry_line.hpp"
#include "integration/client_program.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

using namespace pkv::cli;
using namespace pkv::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

std::string encoded(std::string_view bytes) {
  std::string text;
  append_base64(text, bytes);
  return text;
}

std::string line_of(std::string_view key, std::string_view value, std::uint64_t version = 5) {
  std::string line;
  append_entry_line(line, {key, value, version});
  return line;
}

std::string wrong_with(std::string_view line) {
  EntryLineReader reader;
  return reader.read(line);
}

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line.substr(0, line.find(",\"version\"")));
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

TEST_CASE("Base64: is that of RFC 4648", "[pkv][entries]") {
  CHECK(encoded("").empty());
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("foob") == "Zm9vYg==");
  CHECK(encoded("fooba") == "Zm9vYmE=");
  CHECK(encoded("foobar") == "Zm9vYmFy");
  CHECK(encoded("\xff\xfe\xfd") == "//79");
  std::mt19937 random(1);
  for (std::size_t length = 0; length < 100; ++length) {
    std::string bytes(length, '\0');
    for (char& byte : bytes)
      byte = static_cast<char>(random());
    CHECK(decode_base64(encoded(bytes)) == bytes);
  }
}

TEST_CASE("Base64: what nobody would have written is refused", "[pkv][entries]") {
  for (const char* const text : {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zg==Zg==", "Zm9-",
                                 "Zm9 ", "\nZm9v", "Zh==", "Zm9=", "Z=9v", "Zg=v"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text));
  }
}

TEST_CASE("Entry lines: are read as they were written, whatever the bytes", "[pkv][entries]") {
  CHECK(line_of("city", "Paris") == "{\"key\":\"city\",\"value\":\"Paris\",\"version\":5}\n");
  CHECK(line_of("\xff", "\"\\\n\x01") ==
        "{\"key_base64\":\"/w==\",\"value\":\"\\\"\\\\\\n\\u0001\",\"version\":5}\n");
  CHECK(line_of("", "\xc3\xa4\xed\xa0\x80") ==
        "{\"key\":\"\",\"value_base64\":\"w6TtoIA=\",\"version\":5}\n");
  EntryLineReader reader;
  for (const std::string& key : {std::string(), std::string("a\0b", 3), std::string("\xc3\xa4"),
                                 std::string("\xc3"), std::string("\xf0\x9f\x98\x80")}) {
    for (const std::string& value : {std::string(), std::string(100'000, '\xff'), key}) {
      std::string line = line_of(key, value, UINT64_MAX);
      line.pop_back();
      REQUIRE(reader.read(line).empty());
      CHECK(reader.key() == key);
      CHECK(reader.value() == value);
    }
  }
}

TEST_CASE("Entry lines: tell when an entry expires", "[pkv][entries]") {
  std::string line;
  append_entry_line(line, {"k", "v", 5, 1'700'000'000'123});
  CHECK(line == "{\"key\":\"k\",\"value\":\"v\",\"version\":5,\"expires_at\":1700000000123}\n");
  line.pop_back();
  EntryLineReader reader;
  REQUIRE(reader.read(line).empty());
  CHECK(reader.expires_at() == 1'700'000'000'123);
  REQUIRE(reader.read(R"({"key":"k","value":"v"})").empty());
  CHECK(reader.expires_at() == pkv::never);
}

TEST_CASE("Entry lines: what others write is read, too", "[pkv][entries]") {
  CHECK(wrong_with(R"({"value":"v","key":"k"})").empty());
  CHECK(wrong_with(" { \"key\" : \"\\u00e4\\ud83d\\ude00\" , \"value_base64\" : \"\" } ").empty());
  CHECK(wrong_with(R"({"k\u0065y":"k","value":"v"})").empty());
}

TEST_CASE("Entry lines: each that is wrong is refused with the reason", "[pkv][entries]") {
  const auto refused = [](std::string_view line, const std::string& why) {
    CAPTURE(line);
    CHECK_THAT(wrong_with(line), Contains(why));
  };
  refused("", "no JSON at column 1");
  refused(R"({"key":"k","value":"v")", "no JSON at column 23");
  refused(R"({"key":"k","value":"v"}})", "no JSON at column 24");
  refused(R"({"key":"k","value":"v"} {"key":"k","value":"v"})", "no JSON at column");
  refused(R"({'key':'k'})", "no JSON at column 2");
  refused(R"([1])", "it is not an object");
  refused(R"("key")", "it is not an object");
  refused("null", "it is not an object");
  refused("{}", "there is no \"key\"");
  refused(R"({"value":"v"})", "there is no \"key\"");
  refused(R"({"key":"k"})", "there is no \"value\"");
  refused(R"({"key":"k","value":"v","more":1})", "unknown member \"more\"");
  refused(R"({"key":"k","key":"l","value":"v"})", "a second \"key\"");
  refused(R"({"key":"k","key_base64":"","value":"v"})", "a second \"key_base64\"");
  refused(R"({"key":"k","value":"v","version":1,"version":1})", "a second \"version\"");
  refused(R"({"key":"k","value":7})", "\"value\" is not a string");
  refused(R"({"key":"k","value":null})", "\"value\" is not a string");
  refused(R"({"key":{"a":"b"},"value":"v"})", "\"key\" is not a string");
  refused(R"({"key":["a"],"value":"v"})", "\"key\" is not a string");
  refused(R"({"key":"k","value":"v","version":"1"})", "\"version\" is not a whole number");
  refused(R"({"key":"k","value":"v","version":-1})", "\"version\" is not a whole number");
  refused(R"({"key":"k","value":"v","version":1.5})", "\"version\" is not a whole number");
  refused(R"({"key":"k","value":"v","version":[1]})", "\"version\" is not a whole number");
  refused(R"({"key":"k","value":"v","expires_at":"1"})", "\"expires_at\" is not a whole number");
  refused(R"({"key":"k","value":"v","expires_at":-1})", "\"expires_at\" is not a whole number");
  refused(R"({"key":"k","value":"v","expires_at":0})", "\"expires_at\" is not a time");
  refused(R"({"key":"k","value":"v","expires_at":9223372036854775808})",
          "\"expires_at\" is not a time");
  refused(R"({"key":"k","value":"v","expires_at":1,"expires_at":1})", "a second \"expires_at\"");
  refused(R"({"key_base64":"Zg=","value":"v"})", "\"key_base64\" is not base64");
  refused("{\"key\":\"\xff\",\"value\":\"v\"}", "no JSON at column");
  refused(R"({"key":"\ud800","value":"v"})", "no JSON at column");
  refused("{\"key\":\"a\nb\",\"value\":\"v\"}", "no JSON at column");
  using namespace std::string_view_literals;
  refused("{\"key\":\"a\0b\",\"value\":\"v\"}"sv, "a byte 0 at column 10");
  refused("{\"key\":\"k\",\"value\":\"v\"}\0"sv, "a byte 0 at column 24");
  refused(std::string(1'000'000, '['), "it is not an object");
  refused(R"({"key":)" + std::string(1'000'000, '{'), "\"key\" is not a string");
}

TEST_CASE("pkv export and import: another store has the same", "[pkv][entries]") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "all.jsonl").string();
  ClientProgram one;
  std::string lines;
  for (int i = 0; i < 3'000; ++i)
    lines += line_of("key\xff" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'v'));
  Outcome done = one.run({"import"}, lines);
  CHECK(done.errors.empty());
  CHECK(done.output == "imported 3000 keys\n");
  done = one.run({"export", file});
  CHECK(done.errors.empty());
  CHECK(done.output == "exported 3000 keys\n");

  ClientProgram other;
  done = other.run({"import", file});
  CHECK(done.exit_status == 0);
  done = other.run({"export"});
  CHECK(done.exit_status == 0);
  CHECK(sorted_lines(done.output) == sorted_lines(lines));

  SECTION("a file that is there is not replaced unless that is asked for") {
    done = one.run({"export", file});
    CHECK(done.exit_status == 1);
    CHECK_THAT(done.errors, Contains("is there already; --force replaces it"));
    CHECK(one.run({"export", "--force", file}).exit_status == 0);
  }
  SECTION("no room") {
    done = one.run({"export", "/dev/full"});
    CHECK(done.exit_status == 1);
    CHECK_THAT(done.errors, Contains("cannot write /dev/full: No space left"));
  }
  SECTION("a reader that has enough") {
    CHECK(one.shell("$PKV export | head -1").errors.empty());
  }
  SECTION("no such folder, and no such file") {
    CHECK_THAT(one.run({"export", "/nowhere/file"}).errors, Contains("/nowhere/file"));
    CHECK_THAT(one.run({"import", "/nowhere/file"}).errors, Contains("cannot read /nowhere/file"));
    CHECK_THAT(one.run({"import", "/"}).errors, Contains("cannot read /"));
  }
}

TEST_CASE("pkv export: an empty store is no line", "[pkv][entries]") {
  const ClientProgram program;
  const Outcome done = program.run({"export"});
  CHECK(done.exit_status == 0);
  CHECK(done.output.empty());
  CHECK(program.run({"import"}, "").output == "imported 0 keys\n");
  CHECK(program.run({"import"}, "\n\r\n\n").output == "imported 0 keys\n");
}

TEST_CASE("pkv import: says what it does with keys that are there", "[pkv][entries]") {
  const ClientProgram program;
  REQUIRE(program.run({"put", "b", "old"}).exit_status == 0);
  const std::string lines = line_of("a", "1") + line_of("b", "2") + line_of("c", "3");
  SECTION("overwritten") {
    CHECK(program.run({"import"}, lines).output == "imported 3 keys\n");
    CHECK(program.run({"get", "b"}).output == "2");
  }
  SECTION("kept") {
    CHECK(program.run({"import", "--on-conflict", "keep"}, lines).output ==
          "imported 2 keys, kept 1 that were there\n");
    CHECK(program.run({"get", "b"}).output == "old");
    CHECK(program.run({"get", "c"}).output == "3");
  }
  SECTION("refused") {
    const Outcome done = program.run({"import", "--on-conflict", "fail"}, lines);
    CHECK(done.exit_status == 1);
    CHECK(done.errors == "error: line 2: key already exists\n");
    CHECK(program.run({"get", "b"}).output == "old");
  }
  SECTION("twice in the file: the later line counts, or the earlier one") {
    const std::string twice = line_of("k", "1") + line_of("k", "2");
    CHECK(program.run({"import"}, twice).exit_status == 0);
    CHECK(program.run({"get", "k"}).output == "2");
    CHECK(program.run({"import", "--on-conflict", "keep"}, twice).exit_status == 0);
    CHECK(program.run({"get", "k"}).output == "2");
  }
  CHECK(program.run({"import", "--on-conflict", "what"}, lines).exit_status == 2);
}

TEST_CASE("pkv import: the first wrong line ends it, with its number", "[pkv][entries]") {
  const ClientProgram program;
  const std::string good = line_of("a", "1") + "\n" + line_of("b", "2");
  SECTION("a line that is cut short") {
    const std::string cut = line_of("c", "3").substr(0, 12);
    const Outcome done = program.run({"import"}, good + cut);
    CHECK(done.exit_status == 1);
    CHECK(done.output == "imported 2 keys\n");
    CHECK_THAT(done.errors, StartsWith("error: line 4: it is no JSON at column 13"));
  }
  SECTION("a good line without an end") {
    std::string last = line_of("c", "3");
    last.pop_back();
    CHECK(program.run({"import"}, good + last).output == "imported 3 keys\n");
  }
  SECTION("what the server refuses") {
    const Outcome done =
        program.run({"import"}, good + line_of(std::string(70'000, 'k'), "v") + "what?\n");
    CHECK(done.exit_status == 1);
    CHECK_THAT(done.errors, StartsWith("error: line 4: key is longer than the limit"));
  }
  SECTION("nothing behind it is read") {
    const Outcome done = program.run({"import"}, "what?\n" + good);
    CHECK(done.output == "imported 0 keys\n");
    CHECK_THAT(done.errors, StartsWith("error: line 1: "));
  }
}
