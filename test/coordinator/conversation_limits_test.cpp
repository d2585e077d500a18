#include "coordinator/conversation.hpp"
#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace pkv;
using namespace std::chrono_literals;
using test::bulk;
using test::encoded;
using test::Rig;
using test::TestClient;
using Progress = Conversation::Progress;

TEST_CASE("Conversation: only so many commands of a client are under way",
          "[coordinator][limits]") {
  Limits limits;
  limits.max_client_commands = 10;
  Rig rig(1, limits);
  TestClient client(rig);
  rig.transport.by_hand();
  std::string input;
  std::string expected;
  for (int i = 1; i <= 25; ++i) {
    input += "INCR n\r\n";
    expected += ":" + std::to_string(i) + "\r\n";
  }
  CHECK(client.send(input) == Progress::paused);
  CHECK_FALSE(client.conversation.ready_to_continue());
  rig.turn();
  CHECK(rig.transport.sent_counts(0) == std::vector<std::uint32_t>{10});
  rig.transport.let_go();
  rig.settle();
  CHECK(client.progress == Progress::need_input);
  CHECK(client.take() == expected);
  CHECK(rig.transport.sent_counts(0) == std::vector<std::uint32_t>{10, 10, 5});
}

TEST_CASE("Conversation: unread replies stop a client until it reads", "[coordinator][limits]") {
  Limits limits;
  limits.client_output_pause_bytes = 100'000;
  Rig rig(2, limits);
  TestClient client(rig);
  client.reads = false;
  const std::string value(10'000, 'v');
  client.send(encoded({"SET", "k", value}));
  rig.settle();
  std::string input;
  for (int i = 0; i < 1'000; ++i)
    input += "GET k\r\n";
  client.send(input);
  rig.settle();
  CHECK(client.progress == Progress::paused);
  const std::size_t piled_up = client.conversation.output().size();
  CHECK(piled_up >= limits.client_output_pause_bytes);
  // A burst that began before the first reply had shown its size.
  CHECK(piled_up <= 3 * limits.client_output_pause_bytes);

  client.reads = true;
  client.on_activity();
  while (client.progress == Progress::paused)
    rig.settle();
  std::string expected = "+OK\r\n";
  for (int i = 0; i < 1'000; ++i)
    expected += bulk(value);
  CHECK((client.take() == expected));
}

TEST_CASE("Conversation: local replies behind a slow worker count as output",
          "[coordinator][limits]") {
  Limits limits;
  limits.client_output_pause_bytes = 100'000;
  Rig rig(1, limits);
  TestClient client(rig);
  rig.transport.by_hand();
  const std::string text(20'000, 'e');
  std::string input = "GET k\r\n";
  std::string expected = "$-1\r\n";
  for (int i = 0; i < 50; ++i) {
    input += encoded({"ECHO", text});
    expected += bulk(text);
  }
  CHECK(client.send(input) == Progress::paused);
  rig.turn();
  CHECK(client.conversation.input().unread().size() > 40 * text.size());
  rig.transport.let_go();
  rig.settle();
  CHECK(client.progress == Progress::need_input);
  CHECK((client.take() == expected));
}

TEST_CASE("Conversation: what other workers answered behind a slow one is limited, too",
          "[coordinator][limits]") {
  Limits limits;
  limits.client_output_limit_bytes = 1'000'000;
  Rig rig(2, limits);
  TestClient client(rig);
  const std::string value(100'000, 'v');
  client.send(encoded({"SET", rig.key_of(1), value}));
  rig.settle();
  rig.transport.by_hand();
  std::string input = "GET " + rig.key_of(0) + "\r\n";
  for (int i = 0; i < 11; ++i)
    input += "GET " + rig.key_of(1) + "\r\n";
  client.send(input);
  rig.turn();
  rig.transport.run(1);
  while (rig.transport.deliver(1)) {
  }
  CHECK_FALSE(client.conversation.overflowed());
  rig.turn();
  CHECK(client.conversation.overflowed());
  client.conversation.discard_output();
  rig.transport.let_go();
  rig.settle();
  CHECK(client.conversation.drained());
  CHECK(client.conversation.output().empty());
}

TEST_CASE("Conversation: one reply of many parts is limited", "[coordinator][limits]") {
  Limits limits;
  limits.client_output_limit_bytes = 1'000'000;
  Rig rig(2, limits);
  TestClient client(rig);
  client.send(encoded({"SET", "k", std::string(100'000, 'v')}));
  rig.settle();
  client.send("MGET k k k k k k k k k k\r\n");
  rig.settle();
  CHECK_FALSE(client.conversation.overflowed());
  client.take();
  client.send("MGET k k k k k k k k k k k\r\n");
  rig.settle();
  CHECK(client.conversation.overflowed());
  client.conversation.discard_output();
}

TEST_CASE("Conversation: a client that left is owed nothing, and its commands still run",
          "[coordinator][limits]") {
  Rig rig(2);
  TestClient client(rig);
  rig.transport.by_hand();
  client.send("INCR n\r\nMGET a b c d\r\nPING\r\n");
  client.conversation.discard_output();
  CHECK(client.send("INCR n\r\n") == Progress::closing);
  CHECK_FALSE(client.conversation.drained());
  rig.transport.let_go();
  rig.settle();
  CHECK(client.conversation.drained());
  CHECK(client.take().empty());
  TestClient other(rig, 2);
  other.send("GET n\r\n");
  rig.settle();
  CHECK(other.take() == bulk("1"));
}

TEST_CASE("Conversation: a command that finds no room runs once, when there is some",
          "[coordinator][limits]") {
  Limits limits;
  limits.max_worker_queue_bytes = 100;
  Rig rig(2, limits);
  TestClient filler(rig, 1);
  TestClient client(rig, 2);
  TestClient elsewhere(rig, 3);
  rig.transport.by_hand();
  const std::string full = rig.key_of(0);
  const std::string free = rig.key_of(1);
  filler.send(encoded({"SET", full, std::string(200, 'f')}));
  CHECK(client.send("MSET " + free + " 1 " + full + " 1\r\nINCR " + full + "\r\n") ==
        Progress::paused);
  CHECK(elsewhere.send("SET " + free + " 5\r\nINCR " + free + "\r\n") == Progress::need_input);
  rig.transport.let_go();
  rig.settle();
  CHECK(client.progress == Progress::need_input);
  CHECK(client.take() == "+OK\r\n:2\r\n");
  CHECK(elsewhere.take() == "+OK\r\n:6\r\n");
  client.send("MGET " + full + " " + free + "\r\n");
  rig.settle();
  CHECK(client.take() == "*2\r\n$1\r\n2\r\n$1\r\n1\r\n");  // the whole MSET came after the INCR
}

TEST_CASE("Conversation: one that waits for room may go away", "[coordinator][limits]") {
  Limits limits;
  limits.max_worker_queue_bytes = 1;
  Rig rig(1, limits);
  TestClient filler(rig, 1);
  rig.transport.by_hand();
  filler.send("INCR n\r\n");
  {
    TestClient waits(rig, 2);
    CHECK(waits.send("INCR n\r\n") == Progress::paused);
    CHECK(waits.conversation.drained());
  }
  TestClient cut(rig, 3);
  CHECK(cut.send("INCR n\r\n") == Progress::paused);
  cut.conversation.discard_output();
  CHECK(cut.go_on() == Progress::closing);
  rig.transport.let_go();
  rig.settle();
  CHECK(filler.take() == ":1\r\n");
  filler.send("GET n\r\n");
  rig.settle();
  CHECK(filler.take() == bulk("1"));
}

TEST_CASE("Conversation: a key too long anywhere in a command changes nothing",
          "[coordinator][limits]") {
  Limits limits;
  limits.max_key_bytes = 10;
  limits.max_value_bytes = 20;
  Rig rig(3, limits);
  TestClient client(rig);
  const std::string long_key(11, 'k');
  const std::string long_value(21, 'v');
  const std::string key_error = "-ERR key is longer than the limit\r\n";
  for (std::size_t at = 0; at < 4; ++at) {
    std::vector<std::string> mset{"MSET"};
    for (std::size_t pair = 0; pair < 4; ++pair) {
      mset.push_back(pair == at ? long_key : "key" + std::to_string(pair));
      mset.push_back("v");
    }
    client.send(encoded(mset) + "DBSIZE\r\n");
    rig.settle();
    CHECK(client.take() == key_error + ":0\r\n");
  }
  client.send(encoded({"DEL", "a", long_key}) + encoded({"MGET", long_key}) +
              encoded({"GET", long_key}) +
              encoded({"SET", std::string(10, 'k'), std::string(20, 'v')}));
  rig.settle();
  CHECK(client.take() == key_error + key_error + key_error + "+OK\r\n");
  // The parser does not even let a longer value in.
  CHECK(client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$21\r\n") == Progress::closing);
  CHECK(client.take() == "-ERR Protocol error: invalid bulk length\r\n");
}

TEST_CASE("Conversation: a command without end is refused", "[coordinator][limits]") {
  Limits limits;
  limits.max_key_bytes = 1'000;
  limits.max_value_bytes = 10'000;
  limits.total_input_bytes = 50'000;
  Rig rig(1, limits);
  {
    TestClient client(rig);
    std::vector<std::string> most{"MSET"};
    for (int i = 0; i < 4; ++i) {
      most.push_back("k" + std::to_string(i));
      most.emplace_back(10'000, 'v');
    }
    client.send(encoded(most));
    rig.settle();
    CHECK(client.take() == "+OK\r\n");
  }
  TestClient client(rig);
  std::string input = "*1000\r\n$4\r\nMSET\r\n";
  const std::string pair = "$1\r\nk\r\n" + bulk(std::string(9'000, 'v'));
  Progress progress = client.send(input);
  std::size_t sent = 0;
  while (progress == Progress::need_input && sent < 1'000'000) {
    progress = client.send(pair);
    sent += pair.size();
  }
  CHECK(progress == Progress::closing);
  CHECK(sent < 60'000);
  CHECK(client.take() == "-ERR Protocol error: too big command\r\n");
}

TEST_CASE("Conversation: it says what the rest of a command needs", "[coordinator][limits]") {
  Rig rig(1);
  TestClient client(rig);
  client.send("PING\r\n");
  CHECK(client.conversation.missing_bytes() == 0);
  client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000\r\n0123456789");
  CHECK(client.conversation.missing_bytes() == 992);
  client.send(std::string(990, 'v') + "\r\n");
  CHECK(client.conversation.missing_bytes() == 0);
  rig.settle();
}

TEST_CASE("Conversation: commands that find no memory are answered so, in order",
          "[coordinator][limits]") {
  Rig rig(2);
  TestClient client(rig);
  rig.transport.set_out_of_memory(true);
  client.send("INCR n\r\nMSET a 1 b 2 c 3\r\nPING\r\nDBSIZE\r\n");
  rig.settle();
  const std::string oom =
      "-OOM the node that owns the key is out of memory, delete keys or add nodes\r\n";
  CHECK(client.take() == oom + oom + "+PONG\r\n" + oom);
  rig.transport.set_out_of_memory(false);
  client.send("INCR n\r\nDBSIZE\r\n");
  rig.settle();
  CHECK(client.take() == ":1\r\n:1\r\n");
}

TEST_CASE("Conversation: it may outlive a coordinator that it was told to forget",
          "[coordinator][limits]") {
  auto rig = std::make_unique<Rig>(1);
  TestClient client(*rig);
  rig->transport.by_hand();
  client.send("INCR n\r\n");
  client.conversation.abandon();
  rig.reset();
  CHECK(client.conversation.drained());
}
