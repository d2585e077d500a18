#include "base/byte_buffer.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>

using pkv::ByteBuffer;

TEST_CASE("ByteBuffer: a new one is empty and owns nothing", "[byte_buffer]") {
  const ByteBuffer buffer;
  CHECK(buffer.empty());
  CHECK(buffer.size() == 0);
  CHECK(buffer.capacity() == 0);
  CHECK(buffer.view().empty());
}

TEST_CASE("ByteBuffer: what is appended survives growing", "[byte_buffer]") {
  ByteBuffer buffer;
  std::string expected;
  for (int i = 0; i < 2'000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 17), static_cast<char>(i));
    buffer.append(piece);
    expected += piece;
    REQUIRE(buffer.size() == expected.size());
  }
  CHECK(buffer.view() == expected);
}

TEST_CASE("ByteBuffer: appending nothing to nothing is allowed", "[byte_buffer]") {
  ByteBuffer buffer;
  buffer.append({});
  buffer.extend(0);
  buffer.resize(0);
  buffer.reserve(0);
  buffer.drop_back(0);
  CHECK(buffer.empty());
}

TEST_CASE("ByteBuffer: extend gives the place of the new bytes", "[byte_buffer]") {
  ByteBuffer buffer;
  buffer.append("head");
  char* at = buffer.extend(3);
  CHECK(at == buffer.data() + 4);
  at[0] = 'a';
  at[1] = 'b';
  at[2] = 'c';
  CHECK(buffer.view() == "headabc");
}

TEST_CASE("ByteBuffer: growing byte by byte moves the content rarely", "[byte_buffer]") {
  ByteBuffer buffer;
  int growths = 0;
  for (std::size_t i = 0; i < 100'000; ++i) {
    const std::size_t before = buffer.capacity();
    buffer.extend(1);
    if (buffer.capacity() != before) ++growths;
  }
  CHECK(growths < 50);  // ln(100'000) / ln(1.5) is 28.4
}

TEST_CASE("ByteBuffer: reserve takes exactly what is asked and never shrinks", "[byte_buffer]") {
  ByteBuffer buffer(100);
  CHECK(buffer.capacity() == 100);
  CHECK(buffer.empty());
  buffer.reserve(99);
  CHECK(buffer.capacity() == 100);
  buffer.reserve(101);
  CHECK(buffer.capacity() == 101);
}

TEST_CASE("ByteBuffer: clear and drop_back keep the memory", "[byte_buffer]") {
  ByteBuffer buffer;
  buffer.append("0123456789");
  const char* const memory = buffer.data();
  const std::size_t capacity = buffer.capacity();
  buffer.drop_back(4);
  CHECK(buffer.view() == "012345");
  buffer.drop_back(6);
  CHECK(buffer.empty());
  buffer.append("again");
  buffer.clear();
  CHECK(buffer.empty());
  CHECK(buffer.data() == memory);
  CHECK(buffer.capacity() == capacity);
}

TEST_CASE("ByteBuffer: moving takes the memory along and leaves nothing", "[byte_buffer]") {
  ByteBuffer source;
  source.append("content");
  const char* const memory = source.data();

  ByteBuffer constructed(std::move(source));
  CHECK(constructed.data() == memory);
  CHECK(constructed.view() == "content");

  ByteBuffer assigned;
  assigned.append("is released");
  assigned = std::move(constructed);
  CHECK(assigned.data() == memory);
  CHECK(assigned.view() == "content");

  // Both are usable again, as a pool of buffers uses them.
  source = ByteBuffer();
  constructed = ByteBuffer(8);
  CHECK(source.empty());
  CHECK(source.capacity() == 0);
  constructed.append("x");
  CHECK(constructed.view() == "x");
}

TEST_CASE("ByteBuffer: assigning to itself changes nothing", "[byte_buffer]") {
  ByteBuffer buffer;
  buffer.append("content");
  ByteBuffer& same = buffer;
  buffer = std::move(same);
  CHECK(buffer.view() == "content");
}

TEST_CASE("ByteBuffer: too large a request throws and changes nothing", "[byte_buffer]") {
  ByteBuffer buffer;
  buffer.append("content");
  CHECK_THROWS_AS(buffer.reserve(std::size_t{1} << 62), std::bad_alloc);
  CHECK(buffer.view() == "content");
}

TEST_CASE("ByteBuffer: what is dropped from the front is gone, the rest stays where it is",
          "[byte_buffer]") {
  ByteBuffer buffer(10);
  buffer.append("0123456");
  const char* const four = buffer.data() + 4;
  buffer.drop_front(4);
  CHECK(buffer.data() == four);
  CHECK(buffer.view() == "456");
  CHECK(buffer.capacity() == 6);
  buffer.drop_front(0);

  ByteBuffer moved(std::move(buffer));
  buffer = ByteBuffer(3);
  buffer.append("abc");
  buffer.drop_front(3);
  CHECK(buffer.view().empty());
  buffer.swap(moved);
  CHECK(buffer.view() == "456");
  buffer.append("789");  // fits
  CHECK(buffer.data() == four);
  buffer.append("x");  // grows
  CHECK(buffer.view() == "456789x");
  buffer.drop_front(1);
  buffer.clear();
  buffer.append(std::string(100, 'y'));
  CHECK(buffer.view() == std::string(100, 'y'));
}
