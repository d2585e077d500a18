#include "wire/frame.hpp"

#include "base/endian.hpp"
#include "base/hash.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

using namespace pkv;
using wire::FrameHeader;
using wire::FrameKind;

namespace {

FrameHeader example() {
  FrameHeader header;
  header.kind = FrameKind::reply;
  header.epoch = 0x01020304;
  header.node = NodeId{5};
  header.count = 2;
  header.slot = 7;
  header.body_bytes = 4;
  header.sequence = 0x1122334455667788;
  header.stored_bytes = 0x0102030405060708;
  header.stable = 0x0A0B0C0D0E0F1011;
  header.last = false;
  return header;
}

std::string sealed(const FrameHeader& header, std::string_view body) {
  std::string bytes(wire::header_bytes, '\xAA');
  wire::seal(header, body, bytes.data());
  return bytes;
}

/// `bytes` with another byte at `at`, and a checksum that says this is meant to be so.
std::string forged(std::string bytes, std::size_t at, char value) {
  bytes[at] = value;
  store(bytes.data() + 60, static_cast<std::uint32_t>(hash_bytes({bytes.data(), 60})));
  return bytes;
}

bool refused(std::string_view bytes) {
  const auto header = wire::decode_header(bytes);
  return !header && header.error() == errc::malformed_frame;
}

}  // namespace

TEST_CASE("Frame: a header comes back as it was sealed", "[wire][frame]") {
  for (const FrameKind kind : {FrameKind::request, FrameKind::reply, FrameKind::shutdown}) {
    for (const bool last : {false, true}) {
      FrameHeader header = example();
      header.kind = kind;
      header.last = last;
      const auto decoded = wire::decode_header(sealed(header, "body"));
      REQUIRE(decoded.has_value());
      CHECK(*decoded == header);
    }
  }
}

TEST_CASE("Frame: the largest numbers fit into a header", "[wire][frame]") {
  FrameHeader header;
  header.epoch = UINT32_MAX;
  header.node = NodeId{UINT32_MAX};
  header.count = UINT32_MAX;
  header.slot = UINT32_MAX;
  header.sequence = UINT64_MAX;
  header.stable = UINT64_MAX;
  const auto decoded = wire::decode_header(sealed(header, ""));
  REQUIRE(decoded.has_value());
  CHECK(*decoded == header);
}

TEST_CASE("Frame: the bytes of a header never change", "[wire][frame]") {
  const std::string_view expected(
      "PKV1"                              // magic
      "\x04\x00"                          // version
      "\x02"                              // kind: reply
      "\x00"                              // flags: not the last
      "\x04\x03\x02\x01"                  // epoch
      "\x05\x00\x00\x00"                  // node
      "\x02\x00\x00\x00"                  // count
      "\x07\x00\x00\x00"                  // slot
      "\x88\x77\x66\x55\x44\x33\x22\x11"  // sequence
      "\x08\x07\x06\x05\x04\x03\x02\x01"  // stored_bytes
      "\x11\x10\x0f\x0e\x0d\x0c\x0b\x0a"  // stable
      "\xfa\xe1\x7f\x18\xee\xc8\xf2\x84"  // body_checksum
      "\x04\x00\x00\x00"                  // body_bytes
      "\x07\xfa\x82\x3b",                 // header_checksum
      wire::header_bytes);
  CHECK(sealed(example(), "body") == expected);
}

TEST_CASE("Frame: a header with any single bit flipped is refused", "[wire][frame]") {
  const std::string good = sealed(example(), "body");
  REQUIRE_FALSE(refused(good));
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    CAPTURE(bit);
    CHECK(refused(bad));
  }
}

TEST_CASE("Frame: a truncated header is refused at every length", "[wire][frame]") {
  const std::string good = sealed(example(), "body");
  for (std::size_t length = 0; length < good.size(); ++length) {
    CAPTURE(length);
    // A copy of exactly that length, so that the sanitizers see a read beyond it.
    CHECK(refused(std::string(good, 0, length)));
  }
  CHECK_FALSE(refused(good + "what follows is not the header's affair"));
}

TEST_CASE("Frame: kinds that do not exist are refused, even with a right checksum",
          "[wire][frame]") {
  const std::string good = sealed(example(), "body");
  for (int kind = 0; kind < 256; ++kind) {
    CAPTURE(kind);
    CHECK(refused(forged(good, 6, static_cast<char>(kind))) == (kind < 1 || kind > 3));
  }
}

TEST_CASE("Frame: another magic or version is refused, even with a right checksum",
          "[wire][frame]") {
  const std::string good = sealed(example(), "body");
  CHECK(refused(forged(good, 0, 'Q')));
  CHECK(refused(forged(good, 3, '2')));
  CHECK(refused(forged(good, 4, 0)));
  CHECK(refused(forged(good, 4, 1)));
  CHECK(refused(forged(good, 4, 2)));
  CHECK(refused(forged(good, 4, 3)));
  CHECK(refused(forged(good, 4, 5)));
  CHECK(refused(forged(good, 5, 1)));
}

TEST_CASE("Frame: a body may be as large as the limit and no larger", "[wire][frame]") {
  const auto announcing = [](std::uint64_t body_bytes) {
    std::string bytes = sealed(example(), "body");
    store(bytes.data() + 56, static_cast<std::uint32_t>(body_bytes));
    store(bytes.data() + 60, static_cast<std::uint32_t>(hash_bytes({bytes.data(), 60})));
    return bytes;
  };
  REQUIRE_FALSE(refused(announcing(wire::largest_body_bytes)));
  CHECK(wire::decode_header(announcing(wire::largest_body_bytes))->body_bytes ==
        wire::largest_body_bytes);
  CHECK(refused(announcing(wire::largest_body_bytes + 1)));
  CHECK(refused(announcing(UINT32_MAX)));
}

TEST_CASE("Frame: only the body that was sealed matches", "[wire][frame]") {
  const std::string body = "the body of a frame";
  FrameHeader header = example();
  header.body_bytes = body.size();
  const std::string head = sealed(header, body);
  CHECK(wire::body_matches(head, body));
  CHECK_FALSE(wire::body_matches(head, ""));
  CHECK_FALSE(wire::body_matches(head, body + '\0'));
  for (std::size_t bit = 0; bit < 8 * body.size(); ++bit) {
    std::string damaged = body;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CAPTURE(bit);
    CHECK_FALSE(wire::body_matches(head, damaged));
  }
}

TEST_CASE("Frame: an empty body matches only itself", "[wire][frame]") {
  FrameHeader header = example();
  header.body_bytes = 0;
  const std::string head = sealed(header, "");
  CHECK(wire::body_matches(head, ""));
  CHECK_FALSE(wire::body_matches(head, std::string_view("\0", 1)));
}

TEST_CASE("Frame: a body in two parts matches only the parts that were sealed", "[wire][frame]") {
  const std::string lead = "what goes with the header";
  const std::string rest(3'000, 'r');
  FrameHeader header = example();
  header.body_bytes = lead.size() + rest.size();
  std::string head(wire::header_bytes, '\0');
  wire::seal_parts(header, lead, wire::rest_checksum(rest), head.data());
  const auto decoded = wire::decode_header(head);
  REQUIRE(decoded.has_value());
  CHECK(*decoded == header);

  const auto match = [&](std::string_view a, std::string_view b) {
    return wire::parts_match(head, a, wire::rest_checksum(b));
  };
  CHECK(match(lead, rest));
  CHECK_FALSE(wire::body_matches(head, lead + rest));
  CHECK_FALSE(match(rest, lead));
  CHECK_FALSE(match("", lead + rest));
  CHECK_FALSE(match(lead.substr(1), lead[0] + rest));
  CHECK_FALSE(match(lead, rest + 'r'));
  for (std::size_t bit = 0; bit < 8 * lead.size(); ++bit) {
    std::string damaged = lead;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CAPTURE(bit);
    CHECK_FALSE(match(damaged, rest));
  }
  for (std::size_t bit = 0; bit < 8 * rest.size(); bit += 7) {
    std::string damaged = rest;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CAPTURE(bit);
    CHECK_FALSE(match(lead, damaged));
  }
}
