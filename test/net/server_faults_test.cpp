#include "net/server_support.hpp"
#include "support/faulty_transport.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

using namespace pkv;
using namespace std::chrono_literals;
using test::encoded;
using test::FaultyTransport;
using test::info_number;
using test::RawClient;
using test::RunningServer;

namespace {

const std::vector<NodeId> two_ids{NodeId{1}, NodeId{2}};

std::vector<ServerNode> two_nodes() {
  std::vector<ServerNode> nodes(2);
  nodes[0].id = two_ids[0];
  nodes[1].id = two_ids[1];
  return nodes;
}

void wait_until_connected(RawClient& observer, std::uint64_t clients) {
  while (info_number(observer, "connected_clients") != clients) {
  }
}

}  // namespace

TEST_CASE("Server: a client that vanishes in the middle of a command leaves nothing behind",
          "[server][faults]") {
  RunningServer server;
  RawClient observer(server.port());
  const std::string command = encoded({"SET", "k", "value"});
  for (std::size_t sent = 0; sent <= command.size(); ++sent) {
    RawClient closes(server.port());
    closes.send(std::string_view(command).substr(0, sent));
    if (sent % 2 == 0)
      closes.close();
    else
      closes.reset();
  }
  wait_until_connected(observer, 1);
  CHECK(observer.hears("GET k\r\n", "$5\r\nvalue\r\n"));  // one command was whole
}

TEST_CASE("Server: a client that vanishes in the middle of its replies harms nobody",
          "[server][faults]") {
  RunningServer server;
  RawClient observer(server.port());
  const std::string value(std::size_t{4} << 20, 'v');
  REQUIRE(observer.hears(encoded({"SET", "k", value}), "+OK\r\n"));
  for (int i = 0; i < 20; ++i) {
    RawClient vanishes(server.port());
    vanishes.send("GET k\r\nMGET k k\r\nINCR n\r\nGET k\r\n");
    vanishes.receive(static_cast<std::size_t>(i) * 1'000);
    vanishes.reset();
  }
  wait_until_connected(observer, 1);
  CHECK(observer.hears("PING\r\n", "+PONG\r\n"));
}

TEST_CASE("Server: one who vanishes while a worker is slow is kept until the answer",
          "[server][faults]") {
  FaultyTransport transport(two_ids);
  RunningServer server(Limits{}, transport, two_nodes());
  RawClient observer(server.port());
  REQUIRE(observer.hears("PING\r\n", "+PONG\r\n"));
  server.post([&] { transport.by_hand(); });
  {
    RawClient vanishes(server.port());
    vanishes.send("INCR n\r\nMGET a b c d e f\r\n");
    std::size_t under_way = 0;
    while (under_way == 0)
      server.post([&] { under_way = transport.requests(0) + transport.requests(1); });
    vanishes.reset();
  }
  server.post([&] { transport.let_go(); });
  wait_until_connected(observer, 1);
  CHECK(observer.hears("GET n\r\n", "$1\r\n1\r\n"));
}

TEST_CASE("Server: a worker that does not answer is reported, and the client goes on",
          "[server][faults]") {
  FaultyTransport transport(two_ids);
  Limits limits;
  limits.reply_timeout = 500ms;
  RunningServer server(limits, transport, two_nodes());
  RawClient client(server.port());
  server.post([&] { transport.by_hand(); });
  const std::string timeout =
      "-TIMEOUT the node that owns the key did not answer in time, a write may have happened, read "
      "before trying again\r\n";
  CHECK(client.hears("INCR n\r\nPING\r\n", timeout + "+PONG\r\n"));
  server.post([&] { transport.let_go(); });  // the late answer is dropped
  CHECK(client.hears("INCR n\r\n", ":2\r\n"));
  CHECK_FALSE(server.log().empty());
}

TEST_CASE("Server: a client that finds no memory is told or dropped, others go on",
          "[server][faults]") {
  FaultyTransport transport(two_ids);
  RunningServer server(Limits{}, transport, two_nodes());
  RawClient client(server.port());
  REQUIRE(client.hears("SET k v\r\n", "+OK\r\n"));
  server.post([&] { transport.set_out_of_memory(true); });
  CHECK(client.hears(
      "GET k\r\nPING\r\nMGET k l\r\n",
      "-OOM the node that owns the key is out of memory, delete keys or add nodes\r\n"
      "+PONG\r\n"
      "-OOM the node that owns the key is out of memory, delete keys or add nodes\r\n"));
  server.post([&] { transport.set_out_of_memory(false); });
  CHECK(client.hears("GET k\r\n", "$1\r\nv\r\n"));
}

TEST_CASE("Server: when descriptors run out, clients wait and are served once there are some",
          "[server][faults]") {
  RunningServer server;
  RawClient observer(server.port());
  REQUIRE(observer.hears("PING\r\n", "+PONG\r\n"));

  // The client's own descriptor is made before the limit is lowered to what is in use.
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  std::vector<int> fillers;
  rlimit scarce = before;
  scarce.rlim_cur = 64;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &scarce) == 0);
  for (;;) {
    const int filler = ::open("/dev/null", O_RDONLY);
    if (filler < 0) break;
    fillers.push_back(filler);
  }
  REQUIRE_FALSE(fillers.empty());
  ::close(fillers.back());
  fillers.pop_back();
  RawClient waits(server.port());  // takes the last one; the kernel accepts it for the server
  waits.send("PING\r\n");
  while (server.log().empty()) {
  }
  CHECK(observer.hears("PING\r\n", "+PONG\r\n"));

  for (const int filler : fillers)
    ::close(filler);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(waits.receive(7) == "+PONG\r\n");
  REQUIRE(server.log().size() == 1);  // however often it was tried
  CHECK(server.log()[0].starts_with("cannot accept a client: Too many open files"));
}
