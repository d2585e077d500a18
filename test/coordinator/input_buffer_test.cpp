#include "coordinator/input_buffer.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <random>
#include <string>

using namespace pkv;

namespace {

/// Fills what prepare() offers, up to the end of `bytes`; returns how much that was.
std::size_t receive(InputBuffer& buffer, std::string_view bytes) {
  const std::span<char> room = buffer.prepare();
  const std::size_t count = std::min(room.size(), bytes.size());
  std::memcpy(room.data(), bytes.data(), count);
  buffer.commit(count);
  return count;
}

void receive_all(InputBuffer& buffer, std::string_view bytes) {
  while (!bytes.empty())
    bytes.remove_prefix(receive(buffer, bytes));
}

}  // namespace

TEST_CASE("InputBuffer: what is received is unread until it is consumed", "[coordinator][input]") {
  InputBuffer buffer;
  CHECK(buffer.unread().empty());
  CHECK(buffer.capacity() == 0);
  receive(buffer, "hello world");
  CHECK(buffer.unread() == "hello world");
  buffer.consume(6);
  CHECK(buffer.unread() == "world");
  receive(buffer, "!");
  CHECK(buffer.unread() == "world!");
}

TEST_CASE("InputBuffer: an idle client costs a page", "[coordinator][input]") {
  InputBuffer buffer;
  CHECK(buffer.prepare().size() == 4096);
  for (int i = 0; i < 100; ++i) {
    receive(buffer, "PING\r\n");
    buffer.consume(6);
    buffer.ask_for(1);
  }
  CHECK(buffer.capacity() == 4096);
}

TEST_CASE("InputBuffer: reads get larger while the client fills them, and small again",
          "[coordinator][input]") {
  InputBuffer buffer;
  const std::string flood(1 << 20, 'x');
  std::size_t largest = 0;
  for (int i = 0; i < 20; ++i) {
    const std::size_t received = receive(buffer, flood);
    largest = std::max(largest, received);
    buffer.consume(received);
    buffer.ask_for(1);
  }
  CHECK(largest == 256 << 10);
  receive(buffer, "x");
  buffer.consume(1);
  buffer.ask_for(1);
  CHECK(buffer.prepare().size() == 4096);
  CHECK(buffer.capacity() == 4096);
}

TEST_CASE("InputBuffer: an announced command gets memory only as it arrives",
          "[coordinator][input]") {
  InputBuffer buffer;
  receive(buffer, "$1000000000\r\n");
  buffer.ask_for(1'000'000'000);
  CHECK(buffer.prepare().size() <= (256 << 10) + 4096);
  std::size_t total = buffer.unread().size();
  const std::string flood(64 << 20, 'x');
  while (total < flood.size()) {
    total += receive(buffer, flood);
    buffer.ask_for(1'000'000'000);
    REQUIRE(buffer.capacity() <= std::max<std::size_t>(2 * total, 2 * (256 << 10)) + 4096);
  }
}

TEST_CASE("InputBuffer: the little behind a large command does not keep its memory",
          "[coordinator][input]") {
  InputBuffer buffer;
  receive_all(buffer, std::string(8 << 20, 'x'));
  buffer.consume((8 << 20) - 3);
  buffer.ask_for(1);
  CHECK(buffer.capacity() >= 8 << 20);
  (void)buffer.prepare();
  CHECK(buffer.capacity() < 1 << 20);
  CHECK(buffer.unread() == "xxx");
}

TEST_CASE("InputBuffer: however it is used, the bytes are those of a string",
          "[coordinator][input]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  InputBuffer buffer;
  std::string model;
  char next = 'a';
  for (int step = 0; step < 3'000; ++step) {
    std::string bytes(random() % (random() % 10 == 0 ? 400'000 : 3'000), next);
    next = next == 'z' ? 'a' : static_cast<char>(next + 1);
    bytes.resize(receive(buffer, bytes));
    model += bytes;
    REQUIRE(buffer.unread() == model);
    const std::size_t consumed = random() % 3 == 0 ? model.size()
                                 : model.empty()   ? 0
                                                   : random() % (model.size() + 1);
    buffer.consume(consumed);
    model.erase(0, consumed);
    buffer.ask_for(1 + random() % (random() % 5 == 0 ? 1'000'000 : 100));
  }
}

TEST_CASE("InputBuffer: a large value's memory is given away, the value unmoved",
          "[coordinator][input][large]") {
  InputBuffer buffer;
  const std::string head = "SET k ";
  const std::string value(1 << 20, 'v');
  const auto room = GENERATE(as<std::size_t>(), 1, 6, 64, 70);
  const auto rest = GENERATE(as<std::string>(), "", "r", "GET k\r\n");
  for (int i = 0; i < 3; ++i) {
    receive(buffer, head);
    buffer.ask_for(value.size());
    receive_all(buffer, value + "\r\n" + rest);
    const std::string_view found = buffer.unread().substr(head.size(), value.size());
    const char* const was_at = found.data();
    const ByteBuffer taken = buffer.detach(found, room, head.size() + value.size() + 2);
    REQUIRE(taken.size() == room + value.size());
    CHECK(taken.data() + room == was_at);
    CHECK((taken.view().substr(room) == value));
    CHECK(buffer.unread() == rest);
    buffer.consume(rest.size());
  }
}

TEST_CASE("InputBuffer: what is not worth it, or lies elsewhere, is not given away",
          "[coordinator][input][large]") {
  InputBuffer buffer;
  const std::string value(1 << 20, 'v');
  receive(buffer, "SET k ");
  buffer.ask_for(value.size());
  receive_all(buffer, value);
  const std::string before(buffer.unread());
  const std::string_view all = buffer.unread();
  CHECK(buffer.detach(value, 1, all.size()).empty());                   // elsewhere
  CHECK(buffer.detach({}, 1, all.size()).empty());                      // nowhere
  CHECK(buffer.detach(all.substr(6), 71, all.size()).empty());          // no room
  CHECK(buffer.detach(all.substr(6, 1 << 18), 1, all.size()).empty());  // too much goes along
  CHECK(buffer.detach(all.substr(6, 600'000), 1, 600'006).empty());     // too much stays behind
  CHECK((buffer.unread() == before));
}
