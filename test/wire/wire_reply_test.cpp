#include "wire/wire_reply.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace pkv;
using wire::ReplyKind;
using wire::ReplyReader;
using wire::WireReply;

namespace {

/// A reply as its kind and its payload, whether they fit or not.
std::string raw(std::uint32_t kind, std::string_view payload) {
  std::string bytes(wire::reply_overhead_bytes, '\0');
  store(store(bytes.data(), kind), static_cast<std::uint32_t>(payload.size()));
  return bytes.append(payload);
}

std::string claiming(std::uint32_t payload_bytes) {
  std::string bytes = raw(static_cast<std::uint32_t>(ReplyKind::value), "value");
  store(bytes.data() + 4, payload_bytes);
  return bytes;
}

bool readable(std::string_view body) {
  ReplyReader reader(body, 1);
  WireReply reply;
  return reader.next(reply);
}

}  // namespace

TEST_CASE("WireReply: every kind comes back", "[wire][reply]") {
  const std::string long_value(100'000, '\0');
  ByteBuffer bytes;
  wire::append_ok(bytes);
  wire::append_nil(bytes);
  wire::append_integer(bytes, std::numeric_limits<std::int64_t>::min());
  wire::append_integer(bytes, std::numeric_limits<std::int64_t>::max());
  wire::append_value(bytes, "");
  wire::append_value(bytes, long_value);
  wire::append_error(bytes, errc::key_not_found);

  std::vector<WireReply> expected(7);
  expected[0].kind = ReplyKind::ok;
  expected[1].kind = ReplyKind::nil;
  expected[2].kind = ReplyKind::integer;
  expected[2].integer = std::numeric_limits<std::int64_t>::min();
  expected[3].kind = ReplyKind::integer;
  expected[3].integer = std::numeric_limits<std::int64_t>::max();
  expected[4].kind = ReplyKind::value;
  expected[5].kind = ReplyKind::value;
  expected[5].value = long_value;
  expected[6].kind = ReplyKind::error;
  expected[6].error = errc::key_not_found;

  ReplyReader reader(bytes.view(), static_cast<std::uint32_t>(expected.size()));
  // One object for all: nothing of an earlier reply may show in a later one.
  WireReply reply;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    REQUIRE(reader.next(reply));
    CHECK(reply == expected[i]);
  }
  CHECK_FALSE(reader.next(reply));
  CHECK(reader.complete());
}

TEST_CASE("WireReply: the bytes never change", "[wire][reply]") {
  ByteBuffer bytes;
  wire::append_ok(bytes);
  wire::append_nil(bytes);
  wire::append_integer(bytes, -2);
  wire::append_value(bytes, "abc");
  wire::append_error(bytes, errc::node_down);
  CHECK(bytes.view() == std::string_view("\x01\0\0\0\0\0\0\0"
                                         "\x02\0\0\0\0\0\0\0"
                                         "\x03\0\0\0\x08\0\0\0"
                                         "\xfe\xff\xff\xff\xff\xff\xff\xff"
                                         "\x04\0\0\0\x03\0\0\0"
                                         "abc"
                                         "\x05\0\0\0\x04\0\0\0"
                                         "\x0e\0\0\0",
                                         5 * wire::reply_overhead_bytes + 8 + 3 + 4));
}

TEST_CASE("WireReply: a payload of the wrong length for its kind is refused", "[wire][reply]") {
  for (std::size_t length = 0; length <= 16; ++length) {
    const std::string payload(length, 'x');
    CAPTURE(length);
    CHECK(readable(raw(1, payload)) == (length == 0));
    CHECK(readable(raw(2, payload)) == (length == 0));
    CHECK(readable(raw(3, payload)) == (length == 8));
    CHECK(readable(raw(4, payload)));
    CHECK(readable(raw(5, payload)) == (length == 4));
  }
}

TEST_CASE("WireReply: kinds that do not exist are refused", "[wire][reply]") {
  for (const std::uint32_t kind : {0U, 6U, 0x100U + 4U, 0x01000004U, UINT32_MAX}) {
    CAPTURE(kind);
    CHECK_FALSE(readable(raw(kind, "")));
    CHECK_FALSE(readable(raw(kind, "12345678")));
  }
}

TEST_CASE("WireReply: a length that the body does not hold is refused", "[wire][reply]") {
  CHECK(readable(claiming(5)));
  CHECK(readable(claiming(0)));
  CHECK_FALSE(readable(claiming(6)));
  CHECK_FALSE(readable(claiming(UINT32_MAX)));
  CHECK_FALSE(readable(claiming(UINT32_MAX - wire::reply_overhead_bytes + 1)));
}

TEST_CASE("WireReply: a cut body is refused wherever it is cut", "[wire][reply]") {
  ByteBuffer bytes;
  wire::append_integer(bytes, 1);
  wire::append_value(bytes, "value");
  const std::size_t first_bytes = wire::reply_overhead_bytes + 8;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    // A copy of exactly that length, so that the sanitizers see a read beyond it.
    const std::string cut(bytes.view().substr(0, length));
    ReplyReader reader(cut, 2);
    WireReply reply;
    std::size_t read = 0;
    while (reader.next(reply))
      ++read;
    CHECK(read == (length < first_bytes ? 0 : 1));
    CHECK_FALSE(reader.complete());
  }
}

TEST_CASE("WireReply: more or fewer than announced is not complete", "[wire][reply]") {
  ByteBuffer bytes;
  wire::append_ok(bytes);
  wire::append_ok(bytes);
  for (const std::uint32_t announced : {0U, 1U, 2U, 3U, UINT32_MAX}) {
    CAPTURE(announced);
    ReplyReader reader(bytes.view(), announced);
    WireReply reply;
    while (reader.next(reply))
      continue;
    CHECK(reader.complete() == (announced == 2));
  }
}
