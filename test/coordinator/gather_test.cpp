#include "coordinator/gather.hpp"

#include "worker/loopback_transport.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <memory>
#include <string>
#include <vector>

using namespace pkv;

namespace {

wire::WireReply ok() {
  return {};
}
wire::WireReply nil() {
  return {wire::ReplyKind::nil, 0, {}, {}};
}
wire::WireReply integer(std::int64_t number) {
  return {wire::ReplyKind::integer, number, {}, {}};
}
wire::WireReply value(std::string_view bytes) {
  return {wire::ReplyKind::value, 0, {}, bytes};
}
wire::WireReply error(errc why) {
  return {wire::ReplyKind::error, 0, why, {}};
}

std::string written(const Gather& gather) {
  OutputQueue queue;
  gather.write(queue);
  std::vector<std::string_view> views(100);
  std::string all;
  const std::size_t count = queue.gather(views);
  for (std::size_t i = 0; i < count; ++i)
    all.append(views[i]);
  return all;
}

Reply joined(const std::vector<std::string>& values) {
  std::string all;
  for (const std::string& each : values)
    all += "[" + each + "]";
  return Reply::bulk(all);
}

}  // namespace

TEST_CASE("Gather: it is complete with the last part, whichever that is", "[coordinator][gather]") {
  GatherOk all(3);
  CHECK_FALSE(all.add(2, ok(), {}));
  CHECK_FALSE(all.add(0, ok(), {}));
  CHECK(all.add(1, ok(), {}));
  CHECK(written(all) == "+OK\r\n");
}

TEST_CASE("Gather: numbers are summed up", "[coordinator][gather]") {
  GatherSum sum(3);
  sum.add(0, integer(4), {});
  sum.add(1, integer(-1), {});
  CHECK(sum.add(2, integer(1'000'000'000'000), {}));
  CHECK(written(sum) == ":1000000000003\r\n");
}

TEST_CASE("Gather: an array has its parts in the order of the command", "[coordinator][gather]") {
  LoopbackTransport transport({NodeId{1}}, Limits{});
  GatherArray array(4);
  const std::string large(20'000, 'L');
  {
    // The frame lives on in the gather.
    wire::Frame frame{ByteBuffer()};
    frame.bytes().append(large + "ab");
    const SharedFrame shared(std::move(frame), transport);
    array.add(3, value(shared.body().substr(0, large.size())), shared);
    array.add(0, value(shared.body().substr(large.size())), shared);
  }
  array.add(2, value(""), {});
  CHECK(array.add(1, nil(), {}));
  CHECK(array.held_bytes() == large.size() + 2);
  CHECK(written(array) == "*4\r\n$2\r\nab\r\n$-1\r\n$0\r\n\r\n$20000\r\n" + large + "\r\n");
}

TEST_CASE("Gather: copies have the holders' order", "[coordinator][gather]") {
  WorkerList holders;
  holders.add(5);
  holders.add(0);
  holders.add(2);
  GatherCopies copies(holders);
  copies.add(0, value("zero"), {});
  copies.add(2, nil(), {});
  CHECK(copies.add(5, value("five"), {}));
  CHECK(written(copies) == "*3\r\n$4\r\nfive\r\n$4\r\nzero\r\n$-1\r\n");
}

TEST_CASE("Gather: nodes' values are put together by the command", "[coordinator][gather]") {
  GatherNodes nodes(2, 2, joined);
  nodes.add(1, value("b"), {});
  CHECK(nodes.add(0, value("a"), {}));
  CHECK(written(nodes) == "$6\r\n[a][b]\r\n");
}

TEST_CASE("Gather: if any part failed, the first error is the reply", "[coordinator][gather]") {
  for (std::uint32_t failing = 0; failing < 3; ++failing) {
    CAPTURE(failing);
    std::vector<std::unique_ptr<Gather>> kinds;
    kinds.push_back(std::make_unique<GatherOk>(3));
    kinds.push_back(std::make_unique<GatherSum>(3));
    kinds.push_back(std::make_unique<GatherArray>(3));
    kinds.push_back(std::make_unique<GatherNodes>(3, 3, joined));
    for (const auto& gather : kinds) {
      for (std::uint32_t part = 0; part < 3; ++part)
        gather->add(part,
                    part >= failing
                        ? error(part == failing ? errc::worker_timeout : errc::storage_failure)
                        : integer(1),
                    {});
      CHECK(written(*gather).starts_with("-TIMEOUT "));
    }
  }
}

TEST_CASE("Gather: a lost node is left out only where that was asked for",
          "[coordinator][gather]") {
  GatherOk strict(2);
  strict.add(0, error(errc::node_down), {});
  CHECK(strict.add(1, integer(1), {}));
  CHECK(written(strict).starts_with("-NODEDOWN "));

  GatherOk lenient(2, Gather::LostNode::is_left_out);
  lenient.add(0, error(errc::node_down), {});
  CHECK(lenient.add(1, integer(1), {}));
  CHECK(written(lenient) == "+OK\r\n");

  GatherNodes nodes(3, 2, joined);
  nodes.add(2, error(errc::node_down), {});
  CHECK(nodes.add(1, value("b"), {}));
  CHECK(written(nodes) == "$7\r\n[][b][]\r\n");
}
