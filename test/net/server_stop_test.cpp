#include "net/server_support.hpp"
#include "support/faulty_transport.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace pkv;
using namespace std::chrono_literals;
using test::encoded;
using test::FaultyTransport;
using test::RawClient;
using test::RunningServer;

namespace {

const std::vector<NodeId> one_id{NodeId{1}};

std::vector<ServerNode> one_node() {
  std::vector<ServerNode> nodes(1);
  nodes[0].id = one_id[0];
  return nodes;
}

std::size_t requests(RunningServer& server, FaultyTransport& transport) {
  std::size_t count = 0;
  server.post([&] { count = transport.requests(0); });
  return count;
}

}  // namespace

TEST_CASE("Server: without clients it stops at once, and says so once", "[server][stop]") {
  RunningServer server;
  server.stop(1h);
  CHECK(server.times_stopped() == 1);
  CHECK_THROWS(RawClient(server.port()));
}

TEST_CASE("Server: idle clients do not hold up the stop", "[server][stop]") {
  RunningServer server;
  RawClient silent(server.port());
  RawClient idle(server.port());
  RawClient halfway(server.port());
  REQUIRE(idle.hears("PING\r\n", "+PONG\r\n"));
  REQUIRE(halfway.hears("PING\r\nGET unfin", "+PONG\r\n"));
  server.stop(1h);
  CHECK(idle.receive_rest().bytes.empty());
  CHECK(halfway.receive_rest().bytes.empty());
  CHECK(silent.receive_rest().bytes.empty());
  CHECK(server.times_stopped() == 1);
  CHECK(server.log().empty());
}

TEST_CASE("Server: what was received is answered before the stop", "[server][stop]") {
  FaultyTransport transport(one_id);
  RunningServer server(Limits{}, transport, one_node());
  RawClient client(server.port());
  server.post([&] { transport.by_hand(); });
  client.send("INCR n\r\nINCR n\r\nPING\r\n");
  while (requests(server, transport) == 0) {
  }
  const std::future<void> stopped = server.begin_stop(1h);
  server.post([] {});
  CHECK(stopped.wait_for(0s) == std::future_status::timeout);
  server.post([&] { transport.let_go(); });
  CHECK(client.receive_rest().bytes == ":1\r\n:2\r\n+PONG\r\n");
  CHECK(stopped.wait_for(30s) == std::future_status::ready);
  CHECK(server.times_stopped() == 1);
}

TEST_CASE("Server: who does not take its replies is cut off after the patience", "[server][stop]") {
  RunningServer server;
  RawClient stuck(server.port());
  stuck.set_receive_buffer(4096);
  REQUIRE(stuck.hears(encoded({"SET", "k", std::string(8 << 20, 'v')}), "+OK\r\n"));
  stuck.send("MGET k k\r\n");
  REQUIRE(stuck.receive(4) == "*2\r\n");
  server.stop(30ms);
  CHECK(server.times_stopped() == 1);
  CHECK(server.log() == std::vector<std::string>{"1 clients were cut off at shutdown"});
}

TEST_CASE("Server: a worker that never answers holds up the stop for the reply timeout only",
          "[server][stop]") {
  FaultyTransport transport(one_id);
  Limits limits;
  limits.reply_timeout = 30ms;
  RunningServer server(limits, transport, one_node());
  RawClient client(server.port());
  server.post([&] { transport.by_hand(); });
  client.send("INCR n\r\n");
  while (requests(server, transport) == 0) {
  }
  server.stop(1h);
  CHECK(client.receive_rest().bytes.starts_with("-TIMEOUT "));
}

TEST_CASE("Server: an answer that comes after the server is gone finds nobody, and that is all",
          "[server][stop]") {
  boost::asio::io_context io;
  FaultyTransport transport(one_id);
  Limits limits;
  limits.reply_timeout = 30ms;
  {
    RunningServer server(limits, transport, one_node());
    RawClient client(server.port());
    server.post([&] { transport.by_hand(); });
    CHECK(client.send("INCR n\r\n"));
    CHECK(client.receive(9) == "-TIMEOUT ");
    server.stop(0ms);
    server.post([&] {
      CHECK(transport.run(0));
      CHECK(transport.deliver(0));  // its handler waits behind the server's destruction
    });
  }
}

TEST_CASE("Server: it may be destroyed in the middle of everything once nothing runs",
          "[server][stop]") {
  FaultyTransport transport(one_id);
  RunningServer server(Limits{}, transport, one_node());
  std::vector<RawClient> clients;
  for (int i = 0; i < 4; ++i)
    clients.emplace_back(server.port());
  const std::string value(8 << 20, 'v');
  REQUIRE(clients[0].hears(encoded({"SET", "k", value}), "+OK\r\n"));
  clients[0].send("GET k\r\nGET k\r\n");  // an answer half written
  REQUIRE(clients[0].receive(4) == "$838");
  clients[1].send("SET half of a");
  server.post([&] { transport.by_hand(); });
  clients[2].send("INCR n\r\nMGET k a b\r\nPING\r\n");  // answers that never come
  clients[3].send(std::string("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2000000\r\n") +
                  std::string(1 << 20, 'v'));
  while (requests(server, transport) == 0) {
  }
  server.abandon();
  for (RawClient& client : clients)
    client.close();
}
