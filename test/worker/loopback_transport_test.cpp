#include "worker/loopback_transport.hpp"

#include "wire/operation.hpp"
#include "wire/wire_reply.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace pkv;

namespace {

const std::vector<NodeId> nodes{NodeId{10}, NodeId{20}};

wire::Frame request(LoopbackTransport& transport, NodeId node, std::uint32_t slot,
                    const wire::Operation& operation) {
  wire::Frame frame(transport.take_buffer());
  frame.header.node = node;
  frame.header.epoch = 1;
  frame.header.slot = slot;
  frame.header.count = 1;
  wire::append_operation(frame.bytes(), operation);
  return frame;
}

std::vector<wire::Arrival> collect(LoopbackTransport& transport) {
  std::vector<wire::Arrival> arrivals;
  transport.collect(arrivals);
  return arrivals;
}

wire::WireReply only_reply(const wire::Arrival& arrival) {
  REQUIRE_FALSE(arrival.failure);
  wire::ReplyReader reader(arrival.frame.body(), arrival.frame.header.count);
  wire::WireReply reply;
  REQUIRE(reader.next(reply));
  CHECK_FALSE(reader.next(reply));
  REQUIRE(reader.complete());
  return reply;
}

}  // namespace

TEST_CASE("LoopbackTransport: requests run in flush and in the order sent", "[worker][loopback]") {
  LoopbackTransport transport(nodes, Limits{});
  int notified = 0;
  transport.notify_with([&] { ++notified; });
  transport.send(0, request(transport, nodes[0], 0, {wire::Opcode::append, 0, 0, "k", "a"}));
  transport.send(1, request(transport, nodes[1], 0, {wire::Opcode::append, 0, 0, "k", "bc"}));
  transport.send(0, request(transport, nodes[0], 1, {wire::Opcode::append, 0, 0, "k", "d"}));
  CHECK(collect(transport).empty());
  CHECK(notified == 0);

  transport.flush();
  CHECK(notified == 1);
  const std::vector<wire::Arrival> arrivals = collect(transport);
  REQUIRE(arrivals.size() == 3);
  CHECK(arrivals[0].worker == 0);
  CHECK(arrivals[0].slot == 0);
  CHECK(only_reply(arrivals[0]).integer == 1);
  CHECK(arrivals[1].worker == 1);
  CHECK(only_reply(arrivals[1]).integer == 2);  // its own store
  CHECK(arrivals[2].slot == 1);
  CHECK(only_reply(arrivals[2]).integer == 2);
  CHECK(collect(transport).empty());
}

TEST_CASE("LoopbackTransport: it tells once until what it has is collected", "[worker][loopback]") {
  LoopbackTransport transport(nodes, Limits{});
  int notified = 0;
  transport.notify_with([&] { ++notified; });
  transport.flush();
  CHECK(notified == 0);
  for (std::uint32_t slot = 0; slot < 2; ++slot) {
    transport.send(0, request(transport, nodes[0], slot, {wire::Opcode::count, 0, 0, {}, {}}));
    transport.flush();
  }
  CHECK(notified == 1);
  CHECK(collect(transport).size() == 2);
  transport.send(0, request(transport, nodes[0], 2, {wire::Opcode::count, 0, 0, {}, {}}));
  transport.flush();
  CHECK(notified == 2);
}

TEST_CASE("LoopbackTransport: what the node refuses arrives as a failure of its slot",
          "[worker][loopback]") {
  LoopbackTransport transport(nodes, Limits{});
  transport.send(0, request(transport, nodes[1], 2, {wire::Opcode::clear, 0, 0, {}, {}}));
  wire::Frame damaged = request(transport, nodes[0], 3, {wire::Opcode::put, 0, 0, "k", "v"});
  damaged.bytes().drop_back(1);
  transport.send(0, std::move(damaged));
  transport.send(0, request(transport, nodes[0], 0, {wire::Opcode::count, 0, 0, {}, {}}));
  transport.flush();

  const std::vector<wire::Arrival> arrivals = collect(transport);
  REQUIRE(arrivals.size() == 3);
  CHECK(arrivals[0].failure == errc::malformed_frame);
  CHECK(arrivals[0].slot == 2);
  CHECK(arrivals[1].failure == errc::malformed_frame);
  CHECK(arrivals[1].slot == 3);
  CHECK(only_reply(arrivals[2]).integer == 0);  // nothing of the refused ones has run
}

TEST_CASE("LoopbackTransport: replies are sealed as between processes", "[worker][loopback]") {
  LoopbackTransport transport(nodes, Limits{});
  transport.send(1, request(transport, nodes[1], 1, {wire::Opcode::get, 0, 0, "k", {}}));
  transport.flush();
  const std::vector<wire::Arrival> arrivals = collect(transport);
  REQUIRE(arrivals.size() == 1);
  const wire::Frame& frame = arrivals[0].frame;
  const auto header = wire::decode_header(frame.bytes().view());
  REQUIRE(header.has_value());
  CHECK(*header == frame.header);
  CHECK(wire::body_matches(frame.bytes().view(), frame.body()));
}

TEST_CASE("LoopbackTransport: a given-back buffer is used again, empty", "[worker][loopback]") {
  LoopbackTransport transport(nodes, Limits{});
  ByteBuffer buffer(1000);
  buffer.append("something");
  const char* const memory = buffer.data();
  transport.recycle(std::move(buffer));
  const ByteBuffer again = transport.take_buffer();
  CHECK(again.data() == memory);
  CHECK(again.empty());
  transport.recycle(ByteBuffer(transport.preferred_frame_bytes() + 1));  // not worth keeping
  CHECK(transport.take_buffer().capacity() == 0);
}

TEST_CASE("LoopbackTransport: a lost node's requests come back, and it is reborn empty",
          "[worker][loopback]") {
  LoopbackTransport transport(nodes, Limits{});
  const auto send = [&](std::uint32_t slot, std::uint32_t epoch, const wire::Operation& operation) {
    wire::Frame frame = request(transport, nodes[0], slot, operation);
    frame.header.epoch = epoch;
    frame.header.sequence = 100 + slot;
    transport.send(0, std::move(frame));
  };
  send(0, 1, {wire::Opcode::put, 0, 0, "k", "v"});
  transport.disconnect(0);
  send(1, 1, {wire::Opcode::append, 0, 0, "key", "value"});
  transport.reconnect(0, 7, "anywhere");
  send(0, 7, {wire::Opcode::count, 0, 0, {}, {}});
  send(1, 1, {wire::Opcode::count, 0, 0, {}, {}});
  transport.send(1, request(transport, nodes[1], 0, {wire::Opcode::put, 0, 0, "k", "v"}));
  transport.flush();

  const std::vector<wire::Arrival> arrivals = collect(transport);
  REQUIRE(arrivals.size() == 5);
  CHECK(only_reply(arrivals[0]).kind == wire::ReplyKind::ok);
  CHECK(arrivals[1].failure == errc::node_down);
  CHECK(arrivals[1].slot == 1);
  CHECK(arrivals[1].frame.header.sequence == 101);
  wire::OperationReader reader(arrivals[1].frame.body(), arrivals[1].frame.header.count);
  wire::Operation operation;
  REQUIRE(reader.next(operation));
  CHECK(operation.key == "key");
  CHECK(operation.value == "value");
  CHECK(only_reply(arrivals[2]).integer == 0);
  CHECK(arrivals[3].failure == errc::malformed_frame);  // a request to the dead incarnation
  CHECK(only_reply(arrivals[4]).kind == wire::ReplyKind::ok);
}
