#include "support/faulty_transport.hpp"

#include "wire/operation.hpp"
#include "wire/wire_reply.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <utility>
#include <vector>

// The coordinator's tests build on what this transport says of workers that die; so must it be.
namespace pkv::test {
namespace {

struct Rig {
  FaultyTransport transport{{NodeId{1}, NodeId{2}}};
  int notified = 0;

  Rig() {
    transport.by_hand();
    transport.notify_with([this] { ++notified; });
  }

  void put(std::size_t worker, std::uint32_t slot, std::uint32_t epoch = 1) {
    wire::Frame frame{ByteBuffer()};
    frame.header.node = NodeId{static_cast<std::uint32_t>(worker) + 1};
    frame.header.epoch = epoch;
    frame.header.slot = slot;
    frame.header.count = 1;
    wire::append_operation(frame.bytes(), {wire::Opcode::put, 0, 0, "key", "value"});
    transport.send(worker, std::move(frame));
  }

  std::vector<wire::Arrival> collect() {
    std::vector<wire::Arrival> arrivals;
    transport.collect(arrivals);
    return arrivals;
  }
};

void check_returned(const wire::Arrival& arrival, std::size_t worker, std::uint32_t slot) {
  CHECK(arrival.worker == worker);
  CHECK(arrival.slot == slot);
  CHECK(arrival.failure == errc::node_down);
  wire::OperationReader reader(arrival.frame.body(), arrival.frame.header.count);
  wire::Operation operation;
  REQUIRE(reader.next(operation));
  CHECK(operation.value == "value");
  CHECK(reader.complete());
}

TEST_CASE("FaultyTransport: disconnecting returns what has run and what has not, at flush",
          "[support]") {
  Rig rig;
  for (std::uint32_t slot = 0; slot < 3; ++slot)
    rig.put(0, slot);
  rig.put(1, 0);
  rig.transport.run(0);
  rig.transport.run(0);
  rig.transport.deliver(0);
  REQUIRE(rig.collect().size() == 1);

  rig.transport.disconnect(0);
  rig.put(0, 3);
  CHECK(rig.collect().empty());
  rig.transport.flush();
  CHECK(rig.notified == 2);
  const std::vector<wire::Arrival> arrivals = rig.collect();
  REQUIRE(arrivals.size() == 3);
  for (std::uint32_t i = 0; i < 3; ++i)
    check_returned(arrivals[i], 0, i + 1);
  CHECK(rig.transport.slots_were_used_in_turn());
  CHECK(rig.transport.requests(1) == 1);
}

TEST_CASE("FaultyTransport: a killed worker says nothing until the loss is noticed", "[support]") {
  Rig rig;
  rig.put(0, 0);
  rig.put(0, 1);
  rig.transport.run(0);
  rig.transport.kill(0);
  CHECK_FALSE(rig.transport.run(0));
  CHECK_FALSE(rig.transport.deliver(0));
  CHECK(rig.collect().empty());

  rig.transport.notice_loss(0);
  rig.transport.notice_loss(0);
  const std::vector<wire::Arrival> arrivals = rig.collect();
  REQUIRE(arrivals.size() == 3);
  CHECK(arrivals[0].slot == wire::Arrival::no_slot);
  CHECK(arrivals[0].failure == errc::node_down);
  CHECK(arrivals[0].frame.header.epoch == 1);
  check_returned(arrivals[1], 0, 0);
  check_returned(arrivals[2], 0, 1);

  rig.transport.disconnect(0);
  rig.transport.flush();
  CHECK(rig.collect().empty());
}

TEST_CASE("FaultyTransport: what reconnects is empty, of its epoch, and starts at slot 0",
          "[support]") {
  Rig rig;
  rig.put(0, 0);
  rig.transport.run(0);
  rig.transport.kill(0);
  rig.transport.disconnect(0);
  rig.transport.reconnect(0, 2, "there");
  CHECK(rig.transport.is_connected(0));
  CHECK(rig.transport.epoch(0) == 2);
  CHECK(rig.transport.address(0) == "there");
  rig.put(0, 0, 2);
  rig.put(0, 1, 1);
  rig.transport.let_go();
  CHECK(rig.transport.slots_were_used_in_turn());
  const std::vector<wire::Arrival> arrivals = rig.collect();
  REQUIRE(arrivals.size() == 3);
  check_returned(arrivals[0], 0, 0);
  CHECK(arrivals[1].failure == std::nullopt);
  CHECK(arrivals[2].failure == errc::malformed_frame);  // meant for the dead incarnation
}

}  // namespace
}  // namespace pkv::test
