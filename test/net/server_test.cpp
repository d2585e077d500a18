#include "net/server_support.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace pkv;
using namespace std::chrono_literals;
using test::encoded;
using test::RawClient;
using test::RunningServer;

TEST_CASE("Server: people and programs are both understood on one connection", "[server]") {
  RunningServer server;
  RawClient client(server.port());
  CHECK(client.hears("C color dark red\r\n", "+OK\r\n"));
  CHECK(client.hears(encoded({"GET", "color"}), "$8\r\ndark red\r\n"));
  CHECK(client.hears("D color\n", "+OK\r\n"));
  CHECK(client.hears("R color\n", "-NOTFOUND no such key\r\n"));
  CHECK(client.hears("NOSUCH\n", "-ERR unknown command 'NOSUCH', with args beginning with: \r\n"));
  CHECK(client.hears("PING\n", "+PONG\r\n"));
}

TEST_CASE("Server: a pipeline is answered in order", "[server]") {
  RunningServer server;
  RawClient client(server.port());
  std::string commands;
  std::string replies;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = "key" + std::to_string(i % 500);
    const std::string value = std::to_string(i);
    commands += encoded({"SET", key, value}) + encoded({"GET", key});
    replies += "+OK\r\n$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
  }
  // More than the buffers of the sockets hold: the one who sends must not wait for the reader.
  std::thread sender([&] { client.send(commands); });
  const std::string received = client.receive(replies.size());
  sender.join();
  CHECK(received == replies);
}

TEST_CASE("Server: a client that ends its output gets all its answers, then the end", "[server]") {
  RunningServer server;
  RawClient client(server.port());
  std::string expected;
  for (int i = 0; i < 1'000; ++i) {
    client.send("INCR n\r\nPING\r\n");
    expected += ":" + std::to_string(i + 1) + "\r\n+PONG\r\n";
  }
  client.send("GET unfin");
  client.end_output();
  const RawClient::Rest rest = client.receive_rest();
  CHECK(rest.bytes == expected);
  CHECK_FALSE(rest.reset);
}

TEST_CASE("Server: DONE and QUIT end the connection after the answers", "[server]") {
  RunningServer server;
  for (const std::string word : {"DONE", "QUIT"}) {
    RawClient client(server.port());
    client.send("SET k v\r\nGET k\r\n" + word + "\r\nGET k\r\n");
    const RawClient::Rest rest = client.receive_rest();
    CHECK(rest.bytes == "+OK\r\n$1\r\nv\r\n+OK\r\n");
    CHECK_FALSE(rest.reset);
  }
}

TEST_CASE("Server: a broken protocol is answered behind the answers before it", "[server]") {
  RunningServer server;
  RawClient client(server.port());
  client.send("SET k v\r\nGET k\r\n*1\r\n:3\r\nGET k\r\n");
  const RawClient::Rest rest = client.receive_rest();
  CHECK(rest.bytes == "+OK\r\n$1\r\nv\r\n-ERR Protocol error: expected '$', got ':'\r\n");
  CHECK_FALSE(rest.reset);
}

TEST_CASE("Server: who goes on sending after the end still gets all answers", "[server]") {
  RunningServer server;
  RawClient client(server.port());
  // The value does not fit into the sockets' buffers, so most of the answer is still with the
  // server while the rest of the input arrives.
  const std::string value(std::size_t{8} << 20, 'v');
  REQUIRE(client.hears(encoded({"SET", "k", value}), "+OK\r\n"));
  client.send("GET k\r\nQUIT\r\n");
  const std::string trailing(std::size_t{64} << 10, 'x');
  for (int i = 0; i < 8; ++i)
    client.send_some(trailing);
  const RawClient::Rest rest = client.receive_rest();
  CHECK(rest.bytes.size() == value.size() + std::string("$8388608\r\n\r\n+OK\r\n").size());
  CHECK(rest.bytes.ends_with("v\r\n+OK\r\n"));
  CHECK_FALSE(rest.reset);
}

TEST_CASE("Server: a value beyond the limit is refused before it is sent", "[server]") {
  Limits limits;
  limits.max_value_bytes = 100'000;
  limits.max_key_bytes = 1'000;
  RunningServer server(limits);
  RawClient client(server.port());
  const std::string most(limits.max_value_bytes, 'v');
  CHECK(client.hears(encoded({"SET", "k", most}), "+OK\r\n"));
  CHECK(client.hears("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100001\r\n",
                     "-ERR Protocol error: invalid bulk length\r\n"));
  CHECK(client.receive_rest().bytes.empty());

  RawClient other(server.port());
  CHECK(other.hears(encoded({"APPEND", "k", "v"}),
                    "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n"));
  CHECK(other.hears(encoded({"GET", std::string(1'001, 'k')}),
                    "-ERR key is longer than the limit\r\n"));
  CHECK(other.hears(encoded({"STRLEN", "k"}), ":100000\r\n"));
}

TEST_CASE("Server: clients beyond the limit are told so, and served once others leave",
          "[server]") {
  Limits limits;
  limits.max_clients = 2;
  RunningServer server(limits);
  RawClient first(server.port());
  auto second = std::make_unique<RawClient>(server.port());
  REQUIRE(first.hears("PING\r\n", "+PONG\r\n"));
  REQUIRE(second->hears("PING\r\n", "+PONG\r\n"));

  RawClient third(server.port());
  CHECK(third.receive_rest().bytes == "-ERR max number of clients reached\r\n");
  CHECK(test::info_number(first, "rejected_connections") == 1);
  CHECK(test::info_number(first, "connected_clients") == 2);

  CHECK(second->hears("QUIT\r\n", "+OK\r\n"));
  CHECK(second->receive_rest().bytes.empty());
  second.reset();
  while (test::info_number(first, "connected_clients") == 2) {
  }
  RawClient fourth(server.port());
  CHECK(fourth.hears("PING\r\n", "+PONG\r\n"));
}

TEST_CASE("Server: it says where it listens, in either family", "[server]") {
  asio::io_context io;
  ServerOptions options;
  Server four(io, options);
  CHECK(four.port() != 0);
  CHECK(four.endpoint() == "127.0.0.1:" + std::to_string(four.port()));
  options.bind_address = "::1";
  Server six(io, options);
  CHECK(six.endpoint() == "[::1]:" + std::to_string(six.port()));
}

TEST_CASE("Server: clients come over IPv6, too", "[server]") {
  asio::io_context io;
  ServerOptions options;
  options.bind_address = "::1";
  Server server(io, options);
  std::thread thread([&] { io.run(); });
  {
    RawClient client(server.port(), "::1");
    CHECK(client.hears("SET k v\r\nGET k\r\n", "+OK\r\n$1\r\nv\r\n"));
  }
  io.stop();
  thread.join();
}

TEST_CASE("Server: what cannot be is refused at construction", "[server]") {
  asio::io_context io;
  ServerOptions options;
  Server first(io, options);
  options.port = first.port();
  CHECK_THROWS_AS(Server(io, options), boost::system::system_error);

  options = {};
  for (const char* address : {"", "localhost", "256.0.0.1", "192.0.2.1"}) {
    CAPTURE(address);
    options.bind_address = address;
    CHECK_THROWS_AS(Server(io, options), boost::system::system_error);
  }
  options = {};
  CHECK_THROWS_AS(Server(io, options, 0), std::invalid_argument);
  options.nodes.push_back({NodeId{1}, 1.0, 0, {}, 0});
  CHECK_THROWS_AS(Server(io, options, 1), std::invalid_argument);
}

TEST_CASE("Server: a thousand clients at once", "[server]") {
  constexpr int count = 1'000;
  RunningServer server;
  std::vector<RawClient> clients;
  for (int i = 0; i < count; ++i)
    clients.emplace_back(server.port());
  for (RawClient& client : clients)
    REQUIRE(client.send("INCR n\r\nMSET a 1 b 2\r\nMGET a b\r\n"));
  std::int64_t sum = 0;
  for (RawClient& client : clients) {
    std::string line;
    while (!line.ends_with("\r\n"))
      line += client.receive(1);
    sum += std::stoll(line.substr(1));
    const std::string others = "+OK\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n";
    REQUIRE(client.receive(others.size()) == others);
  }
  CHECK(sum == std::int64_t{count} * (count + 1) / 2);
  CHECK(test::info_number(clients.front(), "connected_clients") == count);
}
