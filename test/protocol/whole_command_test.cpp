#include "protocol/whole_command.hpp"

#include "protocol/request_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <memory>

using namespace pkv;
using namespace pkv::test;

namespace {

/// Reads `stream` in memory of its own and of the exact size; empty if nothing was found.
Words read(std::string_view stream, std::size_t most_bulk_bytes = 1000) {
  const auto bytes = std::make_unique<char[]>(stream.size());
  stream.copy(bytes.get(), stream.size());
  std::array<std::string_view, most_usual_arguments> arguments;
  const WholeCommand found =
      read_whole_command({bytes.get(), stream.size()}, most_bulk_bytes, arguments.data());
  if (found.bytes == 0) return {};
  REQUIRE(found.bytes <= stream.size());
  return {arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(found.arguments)};
}

}  // namespace

TEST_CASE("Whole command: bulks of one to three digits are read", "[protocol][request]") {
  for (const std::size_t bytes : {0U, 1U, 9U, 10U, 11U, 99U, 100U, 109U, 998U, 999U}) {
    CAPTURE(bytes);
    const Words words = {"SET", std::string(bytes, '1'), std::string(bytes, '\n')};
    CHECK(read(encoded(words)) == words);
  }
}

TEST_CASE("Whole command: up to eight arguments are read", "[protocol][request]") {
  for (std::size_t count = 1; count <= most_usual_arguments; ++count) {
    const Words words(count, "k");
    CHECK(read(encoded(words)) == words);
  }
  CHECK(read(encoded(Words(most_usual_arguments + 1, "k"))).empty());
}

TEST_CASE("Whole command: only the first of several is read", "[protocol][request]") {
  const std::string first = encoded(Words{"GET", "color"});
  std::array<std::string_view, most_usual_arguments> arguments;
  CHECK(read_whole_command(first + first, 1000, arguments.data()).bytes == first.size());
}

TEST_CASE("Whole command: one that is cut anywhere is not found", "[protocol][request]") {
  const std::string stream = encoded(Words{"SET", "color", std::string(120, 'x')});
  for (std::size_t bytes = 0; bytes < stream.size(); ++bytes) {
    CAPTURE(bytes);
    CHECK(read(std::string_view(stream).substr(0, bytes)).empty());
  }
  CHECK_FALSE(read(stream).empty());
}

TEST_CASE("Whole command: the limit on bulks is kept", "[protocol][request]") {
  const Words words = {"SET", "key", std::string(120, 'x')};
  CHECK(read(encoded(words), 120) == words);
  CHECK(read(encoded(words), 119).empty());
}

TEST_CASE("Whole command: what is unusual or wrong is left to others", "[protocol][request]") {
  const std::string thousand(1000, 'x');
  for (const std::string& stream : {
           std::string("*0\r\n"),
           std::string("*-1\r\n$1\r\na\r\n"),
           std::string("*01\r\n$1\r\na\r\n"),
           std::string("*:\r\n$1\r\na\r\n"),
           std::string("*1\n\n$1\r\na\r\n"),
           std::string("*1\r\n:1\r\na\r\n"),
           std::string("*1\r\n$-1\r\n"),
           std::string("*1\r\n$\r\na\r\n\r\n"),
           std::string("*1\r\n$01\r\na\r\n"),
           std::string("*1\r\n$001\r\na\r\n"),
           std::string("*1\r\n$00\r\n\r\n"),
           std::string("*1\r\n$1x\r\na\r\n"),
           std::string("*1\r\n$1\rxa\r\n"),
           std::string("*1\r\n$1\r\na\rx"),
           std::string("*1\r\n$1\r\naxx\r\n"),
           std::string("GET color\r\n"),
           "*1\r\n$1000\r\n" + thousand + "\r\n",
       }) {
    CAPTURE(stream);
    CHECK(read(stream, 2000).empty());
  }
}

TEST_CASE("Whole command: a parser finds usual and unusual commands in turn",
          "[protocol][request]") {
  std::vector<Words> commands;
  std::string stream;
  for (const std::size_t bytes : {3U, 999U, 1000U, 5U, 1001U, 10U}) {
    for (const std::size_t count : {2U, 8U, 9U, 1U}) {
      commands.emplace_back(count, std::string(bytes, 'x'));
      stream += encoded(commands.back());
      if (count == 2) stream += "\r\n*0\r\n";
    }
  }
  CHECK(parse(stream).commands == commands);
  RequestFeed feed;
  for (std::size_t at = 0; at < stream.size(); at += 7)
    feed.receive(std::string_view(stream).substr(at, 7));
  CHECK(feed.found().commands == commands);
}
