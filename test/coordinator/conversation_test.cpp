#include "coordinator/conversation.hpp"

#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace pkv;
using test::bulk;
using test::encoded;
using test::Rig;
using test::TestClient;

namespace {

/// The reply to one command.
/// The value behind a field's name in an encoded flat array.
std::string field(const std::string& reply, const std::string& name) {
  const std::string head = bulk(name);
  const std::size_t at = reply.find(head);
  if (at == std::string::npos) return "none";
  const std::string rest = reply.substr(at + head.size());
  const std::size_t line = rest.find("\r\n");
  if (rest.front() == ':') return rest.substr(1, line - 1);
  return rest.substr(line + 2, std::stoul(rest.substr(1)));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Conversation: pkv's own commands insist on the key's state", "[coordinator][commands]") {
  Rig rig;
  TestClient client(rig);
  CHECK(ask(rig, client, "R city") == "-NOTFOUND no such key\r\n");
  CHECK(ask(rig, client, "U city x") == "-NOTFOUND no such key\r\n");
  CHECK(ask(rig, client, "D city") == "-NOTFOUND no such key\r\n");
  CHECK(ask(rig, client, "C city New  York") == "+OK\r\n");
  CHECK(ask(rig, client, "C city Rome") == "-EXISTS key already exists\r\n");
  CHECK(ask(rig, client, "R city") == "$9\r\nNew  York\r\n");
  CHECK(ask(rig, client, "u city Rome") == "+OK\r\n");
  CHECK(ask(rig, client, "r city") == "$4\r\nRome\r\n");
  CHECK(ask(rig, client, "d city") == "+OK\r\n");
  CHECK(ask(rig, client, "GET city") == "$-1\r\n");
  CHECK(ask(rig, client, "R") == "-ERR wrong number of arguments for 'r' command\r\n");
}

TEST_CASE("Conversation: the cut of the input does not matter", "[coordinator][conversation]") {
  const std::string input = encoded({"SET", "k", "v\r\n"}) + "GET k\r\n" +
                            encoded({"MGET", "k", "l"}) + "C name some text\n" + encoded({"PING"}) +
                            "*1\r\n!";
  std::string expected;
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    CAPTURE(cut);
    Rig rig;
    TestClient client(rig);
    client.send(input.substr(0, cut));
    rig.settle();
    client.send(input.substr(cut));
    rig.settle();
    if (cut == 0)
      expected =
          "+OK\r\n$3\r\nv\r\n\r\n*2\r\n$3\r\nv\r\n\r\n$-1\r\n+OK\r\n+PONG\r\n"
          "-ERR Protocol error: expected '$', got '!'\r\n";
    REQUIRE(client.take() == expected);
    REQUIRE(client.progress == Conversation::Progress::closing);
  }
}

TEST_CASE("Conversation: a mistake is answered behind the replies before it, and is the last",
          "[coordinator][conversation]") {
  Rig rig;
  TestClient client(rig);
  rig.transport.by_hand();
  CHECK(client.send("SET k v\r\nGET k\r\nPING\r\n*1\r\n:3\r\nSET k w\r\n") ==
        Conversation::Progress::closing);
  CHECK(client.take().empty());
  CHECK_FALSE(client.conversation.drained());
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take() ==
        "+OK\r\n$1\r\nv\r\n+PONG\r\n-ERR Protocol error: expected '$', got ':'\r\n");
  CHECK(client.conversation.drained());
  CHECK(client.send("SET k x\r\n") == Conversation::Progress::closing);
  rig.settle();
  CHECK(client.take().empty());
}

TEST_CASE("Conversation: QUIT and DONE end it in the middle of a pipeline",
          "[coordinator][conversation]") {
  for (const std::string word : {"QUIT", "DONE"}) {
    Rig rig;
    TestClient client(rig);
    CHECK(client.send("SET k v\r\n" + word + "\r\nSET k w\r\n*x\r\n") ==
          Conversation::Progress::closing);
    rig.settle();
    CHECK(client.take() == "+OK\r\n+OK\r\n");
    TestClient other(rig, 2);
    CHECK(ask(rig, other, "GET k") == "$1\r\nv\r\n");
  }
}

TEST_CASE("Conversation: every command of the table has a handler", "[coordinator][commands]") {
  for (const CommandInfo& command : command_table()) {
    CAPTURE(command.name);
    Rig rig;
    TestClient client(rig);
    std::vector<std::string> words{std::string(command.name)};
    const int count = command.arity < 0 ? -command.arity : command.arity;
    while (words.size() < static_cast<std::size_t>(count))
      words.push_back(std::to_string(words.size()));
    client.send(encoded(words));
    rig.settle();
    const std::string reply = client.take();
    CHECK(reply.size() >= 4);
    CHECK(reply.ends_with("\r\n"));
    CHECK(client.conversation.drained());

    if (command.arity == -1) continue;
    words.pop_back();
    client.send(encoded(words));
    rig.settle();
    const bool ended = command.kind == CommandKind::done;
    CHECK((ended || words.empty() ||
           client.take() == "-ERR wrong number of arguments for '" + std::string(command.name) +
                                "' command\r\n"));
  }
}

TEST_CASE("Conversation: HELLO and CLIENT know the client", "[coordinator][commands]") {
  Rig rig;
  TestClient client(rig, 77);
  const std::string hello = ask(rig, client, "HELLO 2 SETNAME probe");
  CHECK(hello.starts_with("*14\r\n"));
  CHECK(field(hello, "proto") == "2");
  CHECK(field(hello, "id") == "77");
  CHECK(ask(rig, client, "CLIENT GETNAME") == bulk("probe"));
  CHECK(ask(rig, client, "CLIENT ID") == ":77\r\n");
  CHECK(ask(rig, client, "CLIENT SETINFO lib-name x") == "+OK\r\n");
  CHECK(ask(rig, client, "CLIENT SETINFO other x") == "-ERR Unrecognized option 'other'\r\n");
  CHECK(ask(rig, client, "HELLO 2 SETNAME") == "-ERR Syntax error in HELLO option 'SETNAME'\r\n");
  CHECK(ask(rig, client, "HELLO 3") == "-NOPROTO unsupported protocol version\r\n");
  CHECK(ask(rig, client, "SELECT 1") == "-ERR DB index is out of range\r\n");
}

TEST_CASE("Conversation: CONFIG shows the settings", "[coordinator][commands]") {
  Limits limits;
  limits.max_clients = 123;
  Rig rig(3, limits);
  TestClient client(rig);
  CHECK(ask(rig, client, "CONFIG GET maxclients") == "*2\r\n" + bulk("maxclients") + bulk("123"));
  const std::string several = ask(rig, client, "CONFIG GET max* MAXCLIENTS save");
  CHECK(several.starts_with("*8\r\n"));  // maxclients once, maxmemory, max-key-bytes, save
  CHECK(field(several, "save").empty());
  CHECK(ask(rig, client, "CONFIG SET maxclients 1").starts_with("-ERR settings are fixed"));
}

TEST_CASE("Conversation: NODES, RING and DBSIZE tell of all nodes", "[coordinator][commands]") {
  Rig rig(3);
  TestClient client(rig);
  for (int i = 0; i < 30; ++i)
    ask(rig, client, "SET key" + std::to_string(i) + " v");
  CHECK(ask(rig, client, "DBSIZE") == ":30\r\n");

  const std::string nodes = ask(rig, client, "NODES");
  CHECK(nodes.starts_with("*3\r\n*42\r\n"));
  CHECK(field(nodes, "id") == "1");
  CHECK(field(nodes, "failures") == "0");

  const std::string ring = ask(rig, client, "RING");
  CHECK(field(ring, "nodes") == "3");
  const std::string key = rig.key_of(2);
  const std::string where = ask(rig, client, "RING WHERE " + key);
  CHECK(field(where, "node") == "3");
  CHECK(field(where, "position").size() == 18);
  CHECK(ask(rig, client, "RING WHERE") ==
        "-ERR wrong number of arguments for 'ring|where' command\r\n");
  CHECK(ask(rig, client, "RING NOPE") == "-ERR unknown subcommand 'NOPE'. Try RING HELP.\r\n");
}

TEST_CASE("Conversation: INFO counts what happened", "[coordinator][commands]") {
  Rig rig;
  TestClient client(rig);
  ask(rig, client, "SET k v");
  ask(rig, client, "GET k");
  ask(rig, client, "GET k");
  ask(rig, client, "NOSUCH");
  ask(rig, client, "PING");
  const std::string all = ask(rig, client, "INFO everything");
  // INFO itself is one of them, NOSUCH is none.
  CHECK(contains(all, "total_commands_processed:5\r\n"));
  CHECK(contains(all, "cmdstat_get:calls=2,"));
  CHECK(contains(all, "cmdstat_ping:calls=1,"));
  CHECK(contains(all, "db0:keys=1,expires=0,avg_ttl=0\r\n"));
  CHECK(contains(all, "latency_percentiles_usec_get:p50="));

  const std::string one = ask(rig, client, "INFO Keyspace");
  CHECK(one == bulk("# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n"));
  CHECK_FALSE(contains(ask(rig, client, "INFO"), "# Commandstats"));
  CHECK(ask(rig, client, "INFO nosuch") == bulk(""));

  ask(rig, client, "CONFIG RESETSTAT");
  CHECK_FALSE(contains(ask(rig, client, "INFO all"), "cmdstat_get:"));
}
