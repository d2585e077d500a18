#include "coordinator/command_recorder.hpp"

#include "coordinator/rig.hpp"
#include "wire/command_writes.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace pkv;
using test::bulk;
using test::Rig;
using test::TestClient;

namespace {

/// Over nodes whose entries outlive their processes. Nothing runs before the test says so.
struct LastingRig : Rig {
  explicit LastingRig(std::size_t nodes, std::size_t replicas = 1, bool entries_last = true)
      : Rig(nodes, {}, replicas) {
    service.entries_last = entries_last;
    transport.by_hand();
  }
};

std::string command(const std::vector<std::string>& words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words)
    text += bulk(word);
  return text;
}

struct Sent {
  std::vector<wire::Opcode> opcodes;
  std::vector<std::uint64_t> places;
  std::uint64_t settled = 0;
  std::vector<std::string> recorded;  ///< "<key>=<value>@<nodes>" of each
};

/// What the worker was sent last, nothing if it was sent nothing.
Sent sent_to(const Rig& rig, std::size_t worker) {
  Sent sent;
  if (rig.transport.requests(worker) == 0) return sent;
  const wire::Frame& frame = rig.transport.request(worker);
  wire::OperationReader reader(frame.body(), frame.header.count);
  wire::Operation operation;
  while (reader.next(operation)) {
    sent.opcodes.push_back(operation.opcode);
    sent.places.push_back(frame.header.sequence + operation.sequence_offset);
    if (operation.opcode != wire::Opcode::record) continue;
    REQUIRE(operation.value.size() >= wire::record_head_bytes);
    sent.settled = load<std::uint64_t>(operation.value.data());
    wire::CommandWritesReader writes(operation.value.substr(wire::record_head_bytes));
    while (writes.next()) {
      std::string text =
          std::string(writes.operation().key) + "=" + std::string(writes.operation().value) + "@";
      for (std::uint32_t node = 1; node <= rig.coordinator.worker_count(); ++node)
        if (writes.is_at(NodeId{node})) text += std::to_string(node);
      sent.recorded.push_back(text);
    }
    REQUIRE(writes.complete());
  }
  REQUIRE(reader.complete());
  return sent;
}

std::vector<std::size_t> workers_with_records(const Rig& rig) {
  std::vector<std::size_t> workers;
  for (std::size_t worker = 0; worker < rig.coordinator.worker_count(); ++worker)
    if (std::ranges::count(sent_to(rig, worker).opcodes, wire::Opcode::record) > 0)
      workers.push_back(worker);
  return workers;
}

/// All that waits runs and is answered.
void answer_all(Rig& rig) {
  bool more = true;
  while (more) {
    more = false;
    for (std::size_t worker = 0; worker < rig.coordinator.worker_count(); ++worker)
      more = rig.transport.run(worker) || rig.transport.deliver(worker) || more;
    rig.turn();
  }
}

}  // namespace

TEST_CASE("CommandRecorder: each node that takes part gets the whole command before its part",
          "[coordinator][record]") {
  LastingRig rig(4);
  TestClient client(rig);
  const std::string one = rig.key_of(1);
  const std::string other = rig.key_of(1, 1);
  const std::string third = rig.key_of(3);
  client.send(command({"MSET", one, "1", third, "", other, "22"}));
  rig.turn();
  CHECK(workers_with_records(rig) == std::vector<std::size_t>{1, 3});
  for (const std::size_t worker : {1U, 3U}) {
    const Sent sent = sent_to(rig, worker);
    std::vector<wire::Opcode> expected{wire::Opcode::record, wire::Opcode::put};
    if (worker == 1) expected.push_back(wire::Opcode::put);
    CHECK((sent.opcodes == expected));
    CHECK(sent.recorded == std::vector<std::string>{one + "=1@2", third + "=@4", other + "=22@2"});
    CHECK(std::ranges::adjacent_find(sent.places, std::ranges::not_equal_to()) ==
          sent.places.end());
  }
  CHECK(sent_to(rig, 1).places.front() == sent_to(rig, 3).places.front());
  answer_all(rig);
  CHECK(client.take() == "+OK\r\n");
}

TEST_CASE("CommandRecorder: what cannot be torn leaves no record", "[coordinator][record]") {
  LastingRig rig(3);
  TestClient client(rig);
  const std::string one = rig.key_of(0);
  const std::string other = rig.key_of(0, 1);
  const std::string third = rig.key_of(2);
  const auto words = GENERATE_COPY(
      std::vector<std::string>{"MSET", one, "1", other, "2"},
      std::vector<std::string>{"DEL", one, other}, std::vector<std::string>{"DEL", one},
      std::vector<std::string>{"SET", one, "1"}, std::vector<std::string>{"MGET", one, third},
      std::vector<std::string>{"EXISTS", one, third}, std::vector<std::string>{"DBSIZE"});
  CAPTURE(words.front());
  client.send(command(words));
  rig.turn();
  CHECK(workers_with_records(rig).empty());
  answer_all(rig);
}

TEST_CASE("CommandRecorder: entries in memory need no records", "[coordinator][record]") {
  LastingRig rig(3, 1, false);
  TestClient client(rig);
  client.send(command({"MSET", rig.key_of(0), "1", rig.key_of(1), "2"}));
  rig.turn();
  CHECK(sent_to(rig, 0).opcodes.size() == 1);
  CHECK(workers_with_records(rig).empty());
  answer_all(rig);
}

TEST_CASE("CommandRecorder: to delete on several nodes leaves records, also of all keys",
          "[coordinator][record]") {
  LastingRig rig(3);
  TestClient client(rig);
  const std::string one = rig.key_of(0);
  const std::string other = rig.key_of(2);
  client.send(command({"UNLINK", one, other}));
  rig.turn();
  CHECK(workers_with_records(rig) == std::vector<std::size_t>{0, 2});
  CHECK(sent_to(rig, 2).recorded == std::vector<std::string>{one + "=@1", other + "=@3"});
  answer_all(rig);
  CHECK(client.take() == ":0\r\n");
  client.send(command({"FLUSHALL"}));
  rig.turn();
  CHECK(workers_with_records(rig) == std::vector<std::size_t>{0, 1, 2});
  CHECK(sent_to(rig, 1).recorded == std::vector<std::string>{"=@1", "=@2", "=@3"});
  answer_all(rig);
  CHECK(client.take() == "+OK\r\n");
}

TEST_CASE("CommandRecorder: with replicas keys of one owner may need a record",
          "[coordinator][record]") {
  LastingRig rig(4, 2);
  TestClient client(rig);
  const std::string one = rig.key_of(0);
  std::string alike;
  std::string different;
  for (std::size_t i = 1; alike.empty() || different.empty(); ++i) {
    const std::string key = rig.key_of(0, i);
    (rig.holders_of(key) == rig.holders_of(one) ? alike : different) = key;
  }
  client.send(command({"MSET", one, "1", alike, "2"}));
  rig.turn();
  CHECK(workers_with_records(rig).empty());
  answer_all(rig);
  client.send(command({"MSET", one, "1", different, "2"}));
  rig.turn();
  CHECK(workers_with_records(rig).size() == 3);
  const auto nodes_of = [&rig](const std::string& key) {
    const WorkerList list = rig.holders_of(key);
    std::vector<WorkerIndex> holders(list.begin(), list.end());
    std::ranges::sort(holders);
    std::string text;
    for (const WorkerIndex worker : holders)
      text += std::to_string(worker + 1);
    return text;
  };
  CHECK(sent_to(rig, 0).recorded ==
        std::vector<std::string>{one + "=1@" + nodes_of(one),
                                 different + "=2@" + nodes_of(different)});
  answer_all(rig);
}

TEST_CASE("CommandRecorder: tells what is settled, which is what all nodes have answered",
          "[coordinator][record]") {
  LastingRig rig(3);
  TestClient client(rig);
  const auto mset = [&] {
    client.send(command({"MSET", rig.key_of(0), "1", rig.key_of(1), "2"}));
    rig.turn();
  };
  mset();
  const std::uint64_t first = sent_to(rig, 0).places.front();
  CHECK(sent_to(rig, 0).settled < first);
  // One node has answered, the other has not.
  REQUIRE(rig.transport.run(0));
  REQUIRE(rig.transport.deliver(0));
  rig.turn();
  mset();
  CHECK(sent_to(rig, 0).settled < first);
  answer_all(rig);
  mset();
  CHECK(sent_to(rig, 0).settled >= first);
  CHECK(sent_to(rig, 1).settled < sent_to(rig, 1).places.front());
  answer_all(rig);
}

TEST_CASE("CommandRecorder: a command too long to be sent to all nodes leaves no record",
          "[coordinator][record]") {
  LastingRig rig(4);
  TestClient client(rig);
  const std::size_t half = CommandRecorder::most_bytes / 4 / 2;
  const auto mset = [&](std::size_t bytes) {
    client.send(command(
        {"MSET", rig.key_of(0), std::string(bytes, 'a'), rig.key_of(1), std::string(bytes, 'b')}));
    rig.turn();
    const std::size_t records = workers_with_records(rig).size();
    answer_all(rig);
    CHECK(client.take() == "+OK\r\n");
    return records;
  };
  CHECK(mset(half - 100) == 2);
  CHECK(mset(half) == 0);
}
