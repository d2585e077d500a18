#include "wire/transport.hpp"

#include "pkv/memory_engine.hpp"

#include "wire/operation.hpp"
#include "wire/tags.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>

using namespace pkv;
using wire::Frame;

namespace {

/// A frame as another rank receives it: its header first, then as many bytes as that announces.
Frame received(const Frame& sent) {
  const std::string_view bytes = sent.bytes().view();
  const auto header = wire::decode_header(bytes);
  REQUIRE(header.has_value());
  REQUIRE(bytes.size() == wire::header_bytes + header->body_bytes);
  ByteBuffer copy;
  copy.append(bytes);
  return Frame(*header, std::move(copy));
}

}  // namespace

TEST_CASE("Frame: what one rank fills and seals, another reads", "[wire][frame]") {
  Frame sent((ByteBuffer()));
  wire::Operation operation;
  operation.key = "city";
  wire::append_operation(sent.bytes(), operation);
  sent.header.count = 1;
  sent.header.slot = 3;
  sent.seal();
  CHECK(sent.header.body_bytes == sent.body_size());

  const Frame frame = received(sent);
  CHECK(frame.header == sent.header);
  CHECK(frame.body() == sent.body());
  CHECK(wire::body_matches(frame.bytes().view().substr(0, wire::header_bytes), frame.body()));
}

TEST_CASE("Frame: one without a body is its header alone", "[wire][frame]") {
  Frame sent((ByteBuffer()));
  sent.header.kind = wire::FrameKind::shutdown;
  sent.seal();
  CHECK(sent.body_size() == 0);
  CHECK(received(sent).header.kind == wire::FrameKind::shutdown);
}

TEST_CASE("Frame: a used buffer brings its memory and not its content", "[wire][frame]") {
  ByteBuffer used;
  used.append(std::string(1'000, 'x'));
  const char* const memory = used.data();
  const Frame frame(std::move(used));
  CHECK(frame.bytes().data() == memory);
  CHECK(frame.body().empty());
}

TEST_CASE("Frame: sealing again after a change gives a valid frame", "[wire][frame]") {
  Frame frame((ByteBuffer()));
  frame.bytes().append("one");
  frame.seal();
  frame.bytes().append(" and two");
  frame.seal();
  CHECK(received(frame).body() == "one and two");
}

TEST_CASE("Tags: no two slots or kinds share one and all are promised by MPI", "[wire][tags]") {
  for (std::uint32_t slot = 0; slot < wire::most_slots; ++slot) {
    REQUIRE(wire::frame_tag(slot) >= 0);
    REQUIRE(wire::frame_tag(slot) < wire::body_tag(0));
    REQUIRE(wire::body_tag(slot) - wire::body_tag(0) == wire::frame_tag(slot));
    REQUIRE(wire::body_tag(slot) <= 32'767);
  }
}

TEST_CASE("Frame: a tail is sealed like a body that goes on", "[wire][frame]") {
  MemoryEngine engine;
  const std::string value(50'000, 'v');
  REQUIRE(engine.put("k", value, 1));
  const auto filled = [](std::string_view more) {
    Frame frame((ByteBuffer()));
    frame.bytes().append("what is before the value");
    frame.bytes().append(more);
    return frame;
  };
  Frame with_tail = filled("");
  with_tail.tail = engine.share("k");
  CHECK(with_tail.body_size() == with_tail.body().size() + value.size());
  with_tail.seal_parts();

  Frame whole = filled(value);
  whole.lead_bytes = with_tail.body().size();
  whole.seal_parts();
  CHECK(whole.bytes().view().substr(0, wire::header_bytes) ==
        with_tail.bytes().view().substr(0, wire::header_bytes));

  with_tail.join_tail();
  CHECK_FALSE(with_tail.tail);
  CHECK((with_tail.body() == whole.body()));
}
