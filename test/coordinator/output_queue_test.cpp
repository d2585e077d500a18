#include "coordinator/output_queue.hpp"

#include "worker/loopback_transport.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using namespace pkv;

namespace {

std::string contents(const OutputQueue& queue) {
  std::vector<std::string_view> views(10'000);
  std::string all;
  const std::size_t count = queue.gather(views);
  for (std::size_t i = 0; i < count; ++i) {
    REQUIRE_FALSE(views[i].empty());
    all.append(views[i]);
  }
  return all;
}

void put(OutputQueue& queue, std::string_view bytes, std::size_t spare = 0) {
  char* at = queue.prepare(bytes.size() + spare);
  std::memcpy(at, bytes.data(), bytes.size());
  queue.commit(at + bytes.size());
}

SharedFrame frame_of(LoopbackTransport& transport, std::string_view body) {
  wire::Frame frame{ByteBuffer()};
  frame.bytes().append(body);
  return SharedFrame(std::move(frame), transport);
}

std::string random_bytes(std::mt19937_64& random, std::size_t count) {
  std::string bytes(count, '\0');
  for (char& byte : bytes)
    byte = static_cast<char>('a' + random() % 26);
  return bytes;
}

}  // namespace

TEST_CASE("OutputQueue: what is empty gives no views", "[coordinator][output]") {
  OutputQueue queue;
  std::array<std::string_view, 2> views;
  CHECK(queue.empty());
  CHECK(queue.gather(views) == 0);
  CHECK(queue.gather({}) == 0);
  put(queue, "", 100);
  queue.append("");
  CHECK(queue.empty());
  CHECK(queue.gather(views) == 0);
}

TEST_CASE("OutputQueue: a write may end at any byte", "[coordinator][output]") {
  LoopbackTransport transport({NodeId{1}}, Limits{});
  const std::string large(20'000, 'L');
  const std::string head(70'000, 'h');
  for (std::size_t cut = 0; cut <= 110'013; cut += cut < 40 || cut > 69'990 ? 1 : 997) {
    if (cut > 70'040 && cut < 89'980) cut = 89'980;
    if (cut > 90'040 && cut < 109'990) cut = 109'990;
    OutputQueue queue;
    std::string expected;
    {
      const SharedFrame frame = frame_of(transport, large);
      put(queue, head);
      queue.append(frame.body(), frame);
      put(queue, "\r\n:1\r\n");
      queue.append(frame.body(), frame);
      put(queue, "+OK\r\n");
      queue.append("\r\n");
      expected = head + large + "\r\n:1\r\n" + large + "+OK\r\n\r\n";
    }
    REQUIRE(queue.size() == expected.size());
    queue.consume(cut);
    REQUIRE(queue.size() == expected.size() - cut);
    REQUIRE(contents(queue) == expected.substr(cut));
    put(queue, "more");
    REQUIRE(contents(queue) == expected.substr(cut) + "more");
    queue.consume(queue.size());
    REQUIRE(queue.empty());
  }
}

TEST_CASE("OutputQueue: large values are referred to, small ones copied", "[coordinator][output]") {
  LoopbackTransport transport({NodeId{1}}, Limits{});
  OutputQueue queue;
  std::array<std::string_view, 4> views;
  const SharedFrame small = frame_of(transport, std::string((16 << 10) - 1, 's'));
  queue.append(small.body(), small);
  REQUIRE(queue.gather(views) == 1);
  CHECK(views[0].data() != small.body().data());
  const SharedFrame large = frame_of(transport, std::string(16 << 10, 'l'));
  queue.append(large.body(), large);
  REQUIRE(queue.gather(views) == 2);
  CHECK(views[1].data() == large.body().data());
}

TEST_CASE("OutputQueue: a frame is given back when its last byte is out", "[coordinator][output]") {
  LoopbackTransport transport({NodeId{1}}, Limits{});
  OutputQueue queue;
  const char* memory = nullptr;
  {
    const SharedFrame frame = frame_of(transport, std::string(20'000, 'x'));
    memory = frame.body().data() - wire::header_bytes;
    queue.append(frame.body(), frame);
  }
  queue.consume(19'999);
  CHECK(transport.take_buffer().data() == nullptr);
  queue.consume(1);
  CHECK(transport.take_buffer().data() == memory);
}

TEST_CASE("OutputQueue: clear drops everything and starts anew", "[coordinator][output]") {
  LoopbackTransport transport({NodeId{1}}, Limits{});
  OutputQueue queue;
  const SharedFrame frame = frame_of(transport, std::string(20'000, 'x'));
  put(queue, "abc");
  queue.append(frame.body(), frame);
  put(queue, "def");
  queue.consume(2);
  queue.clear();
  CHECK(queue.empty());
  put(queue, "new");
  CHECK(contents(queue) == "new");
}

TEST_CASE("OutputQueue: whatever is done to it, the bytes are those of a string",
          "[coordinator][output]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  LoopbackTransport transport({NodeId{1}}, Limits{});
  for (int round = 0; round < 10; ++round) {
    OutputQueue queue;
    std::string model;
    for (int step = 0; step < 300; ++step) {
      const std::size_t sizes[] = {0, 1, 30, 5'000, 17'000, 66'000};
      const std::string bytes = random_bytes(random, sizes[random() % 6] + random() % 20);
      switch (random() % 5) {
        case 0:
          put(queue, bytes, random() % 100);
          model += bytes;
          break;
        case 1:
          queue.append(bytes);
          model += bytes;
          break;
        case 2: {
          const SharedFrame frame = frame_of(transport, bytes);
          const std::size_t from = random() % (bytes.size() + 1);
          queue.append(frame.body().substr(from), frame);
          model.append(bytes, from);
          break;
        }
        default: {
          std::vector<std::string_view> views(random() % 4 + 1);
          std::string offered;
          const std::size_t count = queue.gather(views);
          for (std::size_t i = 0; i < count; ++i)
            offered.append(views[i]);
          REQUIRE(model.starts_with(offered));
          REQUIRE(offered.empty() == model.empty());
          const std::size_t written = offered.empty() ? 0 : random() % (offered.size() + 1);
          queue.consume(written);
          model.erase(0, written);
        }
      }
      REQUIRE(queue.size() == model.size());
    }
    REQUIRE(contents(queue) == model);
  }
}
