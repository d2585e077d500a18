#include "protocol/reply_writer.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace pkv;
using namespace std::string_literals;

namespace {

/// What `write` wrote into a buffer of exactly `room` bytes; the sanitizer sees a byte more.
template <class Write>
std::string written(std::size_t room, Write&& write) {
  std::vector<char> buffer(room, '#');
  const char* const end = write(buffer.data());
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

std::string integer(std::int64_t number) {
  return written(reply_writer::max_number_bytes,
                 [&](char* out) { return reply_writer::write_integer(out, number); });
}

std::string bulk_header(std::size_t bytes) {
  return written(reply_writer::max_number_bytes,
                 [&](char* out) { return reply_writer::write_bulk_header(out, bytes); });
}

}  // namespace

TEST_CASE("Reply writer: numbers of every length fit", "[protocol][reply]") {
  CHECK(integer(0) == ":0\r\n");
  CHECK(integer(9) == ":9\r\n");
  CHECK(integer(10) == ":10\r\n");
  CHECK(integer(-1) == ":-1\r\n");
  CHECK(integer(std::numeric_limits<std::int64_t>::max()) == ":9223372036854775807\r\n");
  CHECK(integer(std::numeric_limits<std::int64_t>::min()) == ":-9223372036854775808\r\n");
  CHECK(bulk_header(0) == "$0\r\n");
  CHECK(bulk_header(std::size_t{512} << 20) == "$536870912\r\n");
  CHECK(bulk_header(std::numeric_limits<std::size_t>::max()) == "$18446744073709551615\r\n");
  CHECK(written(reply_writer::max_number_bytes,
                [](char* out) { return reply_writer::write_array_header(out, 12); }) == "*12\r\n");
}

TEST_CASE("Reply writer: texts and values take the room they say", "[protocol][reply]") {
  using namespace reply_writer;
  CHECK(written(nil_bytes, write_nil) == "$-1\r\n");
  CHECK(written(line_bytes("OK"), [](char* out) { return write_status(out, "OK"); }) == "+OK\r\n");
  CHECK(written(line_bytes(""), [](char* out) { return write_status(out, {}); }) == "+\r\n");
  CHECK(written(line_bytes("ERR a\r\nb"),
                [](char* out) { return write_error(out, "ERR a\r\nb"); }) == "-ERR a  b\r\n");
  CHECK(written(max_bulk_overhead_bytes, [](char* out) { return write_bulk(out, {}); }) ==
        "$0\r\n\r\n");
  const std::string value = "\0\r\n"s + std::string(1000, 'v');
  CHECK(written(1003 + max_bulk_overhead_bytes,
                [&](char* out) { return write_bulk(out, value); }) == "$1003\r\n" + value + "\r\n");
  CHECK(written(2, write_line_end) == "\r\n");
}
