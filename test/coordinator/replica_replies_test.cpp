#include "coordinator/replica_replies.hpp"

#include "coordinator/receiver.hpp"

#include <catch2/catch.hpp>

using namespace pkv;
using test::Receiver;

namespace {

WorkerList workers(std::initializer_list<WorkerIndex> all) {
  WorkerList list;
  for (const WorkerIndex worker : all)
    list.add(worker);
  return list;
}

wire::WireReply integer(std::int64_t value) {
  wire::WireReply reply;
  reply.kind = wire::ReplyKind::integer;
  reply.integer = value;
  return reply;
}

wire::WireReply error(errc why) {
  wire::WireReply reply;
  reply.kind = wire::ReplyKind::error;
  reply.error = why;
  return reply;
}

}  // namespace

TEST_CASE("ReplicaReplies: a write is answered once, when all holders have answered",
          "[coordinator][replicas]") {
  ReplicaReplies replies;
  Receiver client;
  const auto ticket = replies.expect({&client, 7, 2}, workers({4, 1, 5}));
  replies.on_reply(ticket, 1, integer(3), {});
  replies.on_reply(ticket, 0, integer(3), {});
  CHECK(client.told.empty());
  replies.on_reply(ticket, 2, integer(3), {});
  REQUIRE(client.told.size() == 1);
  CHECK(client.told[0].ticket == 7);
  CHECK(client.told[0].part == 2);
  CHECK(client.told[0].integer == 3);
  CHECK(replies.take_diverged().empty());
}

TEST_CASE("ReplicaReplies: who dies is left out, in whatever order", "[coordinator][replicas]") {
  ReplicaReplies replies;
  Receiver client;
  const bool dies_first = GENERATE(true, false);
  const auto ticket = replies.expect({&client, 1, 0}, workers({0, 1}));
  replies.on_reply(ticket, 0, dies_first ? error(errc::node_down) : integer(9), {});
  replies.on_reply(ticket, 1, dies_first ? integer(9) : error(errc::node_down), {});
  REQUIRE(client.told.size() == 1);
  CHECK(client.told[0].integer == 9);
  CHECK(replies.take_diverged().empty());
}

TEST_CASE("ReplicaReplies: an error that the command earned is an answer",
          "[coordinator][replicas]") {
  ReplicaReplies replies;
  Receiver client;
  const auto ticket = replies.expect({&client, 1, 0}, workers({0, 1}));
  replies.on_reply(ticket, 0, error(errc::not_an_integer), {});
  replies.on_reply(ticket, 1, error(errc::node_down), {});
  CHECK(client.errors(errc::not_an_integer) == 1);
  CHECK(replies.take_diverged().empty());
}

TEST_CASE("ReplicaReplies: if all die, the client is told so", "[coordinator][replicas]") {
  ReplicaReplies replies;
  Receiver client;
  const auto ticket = replies.expect({&client, 1, 0}, workers({0, 1}));
  replies.on_reply(ticket, 0, error(errc::node_down), {});
  replies.on_reply(ticket, 1, error(errc::node_down), {});
  CHECK(client.errors(errc::node_down) == 1);
}

TEST_CASE("ReplicaReplies: a holder that fails where another does not has diverged",
          "[coordinator][replicas]") {
  ReplicaReplies replies;
  Receiver client;
  const bool fails_first = GENERATE(true, false);
  const auto ticket = replies.expect({&client, 1, 0}, workers({3, 6}));
  replies.on_reply(ticket, 0, fails_first ? error(errc::out_of_memory) : integer(1), {});
  replies.on_reply(ticket, 1, fails_first ? integer(1) : error(errc::out_of_memory), {});
  REQUIRE(client.told.size() == 1);
  CHECK(client.told[0].integer == 1);
  CHECK(replies.take_diverged() ==
        std::vector<WorkerIndex>{fails_first ? WorkerIndex{3} : WorkerIndex{6}});
  CHECK(replies.take_diverged().empty());
}

TEST_CASE("ReplicaReplies: if all holders fail alike, none has diverged",
          "[coordinator][replicas]") {
  ReplicaReplies replies;
  Receiver client;
  const auto ticket = replies.expect({&client, 1, 0}, workers({3, 6}));
  replies.on_reply(ticket, 0, error(errc::out_of_memory), {});
  replies.on_reply(ticket, 1, error(errc::out_of_memory), {});
  CHECK(client.errors(errc::out_of_memory) == 1);
  CHECK(replies.take_diverged().empty());
}

TEST_CASE("ReplicaReplies: a ticket is used again for another write", "[coordinator][replicas]") {
  ReplicaReplies replies;
  Receiver client;
  for (std::uint32_t round = 0; round < 3; ++round) {
    const auto first = replies.expect({&client, round, 0}, workers({0, 1}));
    const auto second = replies.expect({&client, 100 + round, 0}, workers({1, 2}));
    CHECK(first != second);
    CHECK(first < 2);
    CHECK(second < 2);
    replies.on_reply(second, 0, integer(1), {});
    replies.on_reply(first, 0, integer(1), {});
    replies.on_reply(first, 1, integer(1), {});
    replies.on_reply(second, 1, integer(1), {});
  }
  CHECK(client.tickets() == std::vector<std::uint32_t>{0, 100, 1, 101, 2, 102});
}
