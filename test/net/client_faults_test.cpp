#include "pkv/client.hpp"

#include "support/fake_server.hpp"
#include "support/run.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

#include <optional>

namespace asio = boost::asio;
using namespace pkv;
using namespace std::chrono_literals;
using test::FakeServer;
using test::Recital;
using test::run;

namespace {

struct Fixture {
  explicit Fixture(Recital recital) : script(std::move(recital)) {}

  void connect(std::chrono::milliseconds request_timeout = 30s) {
    ClientOptions options;
    options.request_timeout = request_timeout;
    REQUIRE(run(io, client.connect("127.0.0.1", server.port(), options)).has_value());
  }

  Recital script;
  asio::io_context io;
  FakeServer server{io, [this](auto socket) { return test::recite(std::move(socket), script); }};
  Client client{io.get_executor()};
};

Recital recital(std::vector<std::string> pieces, bool hangs_up) {
  Recital made;
  made.pieces = std::move(pieces);
  made.hangs_up = hangs_up;
  return made;
}

std::uint16_t unused_port() {
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  return acceptor.local_endpoint().port();
}

}  // namespace

TEST_CASE("Client: nobody listening is reported as refused", "[client]") {
  asio::io_context io;
  Client client(io.get_executor());
  const auto connected = run(io, client.connect("127.0.0.1", unused_port()));
  REQUIRE(connected.has_error());
  CHECK(connected.error() == asio::error::connection_refused);
  CHECK_FALSE(client.is_connected());
}

TEST_CASE("Client: a name is looked up and all its addresses are tried", "[client]") {
  asio::io_context io;
  FakeServer server(io, [](auto socket) { return test::recite(std::move(socket), Recital{}); });
  Client client(io.get_executor());
  // Where localhost is also ::1, nobody listens there: the second address has to be tried.
  CHECK(run(io, client.connect("localhost", server.port())).has_value());
}

TEST_CASE("Client: a name that does not exist is an error", "[client]") {
  asio::io_context io;
  Client client(io.get_executor());
  ClientOptions options;
  options.connect_timeout = 20s;
  CHECK(run(io, client.connect("no-such-host.invalid", 1, options)).has_error());
}

TEST_CASE("Client: connecting without an answer ends at the deadline", "[client]") {
  asio::io_context io;
  // A full backlog makes the kernel swallow further connections.
  asio::ip::tcp::acceptor acceptor(io);
  acceptor.open(asio::ip::tcp::v4());
  acceptor.bind({asio::ip::address_v4::loopback(), 0});
  acceptor.listen(0);
  std::vector<asio::ip::tcp::socket> filling;
  for (int socket = 0; socket < 4; ++socket) {
    filling.emplace_back(io);
    filling.back().async_connect(acceptor.local_endpoint(), [](auto) {});
  }
  io.poll();

  Client client(io.get_executor());
  ClientOptions options;
  options.connect_timeout = 50ms;
  const auto port = acceptor.local_endpoint().port();
  CHECK(run(io, client.connect("127.0.0.1", port, options)).error() == errc::timed_out);
}

TEST_CASE("Client: requests without a connection fail at once", "[client]") {
  asio::io_context io;
  Client client(io.get_executor());
  CHECK(run(io, client.read("k")).error() == errc::connection_lost);
  CHECK(run(io, client.execute(Pipeline().add("PING"))).error() == errc::connection_lost);
}

TEST_CASE("Client: a silent server is given up at the deadline", "[client]") {
  Fixture f(recital({}, false));
  f.connect(50ms);
  CHECK(run(f.io, f.client.read("k")).error() == errc::timed_out);
  CHECK_FALSE(f.client.is_connected());
  CHECK(run(f.io, f.client.read("k")).error() == errc::connection_lost);
}

TEST_CASE("Client: a reply that never ends is given up at the deadline", "[client]") {
  Fixture f(recital({"$10\r\nabc"}, false));
  f.connect(50ms);
  CHECK(run(f.io, f.client.read("k")).error() == errc::timed_out);
}

TEST_CASE("Client: a server that hangs up in the middle of a reply loses the connection",
          "[client]") {
  const std::string reply = "$3\r\nred\r\n";
  for (std::size_t cut = 0; cut < reply.size(); ++cut) {
    CAPTURE(cut);
    Fixture f(recital({reply.substr(0, cut)}, true));
    f.connect();
    CHECK(run(f.io, f.client.read("k")).error() == errc::connection_lost);
    CHECK_FALSE(f.client.is_connected());
  }
}

TEST_CASE("Client: replies before the server hung up are not lost", "[client]") {
  Fixture f(recital({"$3\r\nred\r\n"}, true));
  f.connect();
  CHECK(run(f.io, f.client.read("k")).value() == "red");
  CHECK(run(f.io, f.client.read("k")).error() == errc::connection_lost);
}

TEST_CASE("Client: bytes that are no protocol end the connection", "[client]") {
  for (const std::string garbage : {"HTTP/1.1 200 OK\r\n", "$x\r\n", "$3\r\nfour\r\n", "*-2\r\n"}) {
    CAPTURE(garbage);
    Fixture f(recital({garbage}, false));
    f.connect();
    CHECK(run(f.io, f.client.read("k")).error() == errc::protocol_error);
    CHECK_FALSE(f.client.is_connected());
  }
}

TEST_CASE("Client: a reply that nobody asked for ends the connection", "[client]") {
  Fixture f(recital({"+OK\r\n+OK\r\n"}, false));
  f.connect();
  CHECK(run(f.io, f.client.ping()).has_value());
  CHECK(run(f.io, f.client.ping()).has_error());
  CHECK_FALSE(f.client.is_connected());
}

TEST_CASE("Client: all requests under way fail when the connection does", "[client]") {
  Recital script;
  script.request_bytes = 3 * Pipeline().add("R", "k").encoded().size();
  script.pieces = {"$1\r\na\r\n"};
  script.hangs_up = true;
  Fixture f(std::move(script));
  f.connect();
  auto first = co_spawn(f.io, f.client.read("k"), asio::use_future);
  auto second = co_spawn(f.io, f.client.read("k"), asio::use_future);
  CHECK(run(f.io, f.client.read("k")).error() == errc::connection_lost);
  CHECK(first.get().value() == "a");
  CHECK(second.get().error() == errc::connection_lost);
}

TEST_CASE("Client: close fails what is under way, and the client can connect again", "[client]") {
  Fixture f(recital({"+OK\r\n"}, false));
  f.script.request_bytes = 20;  // PING has 14: no answer to the first
  f.connect();
  auto pending = co_spawn(f.io, f.client.ping(), asio::use_future);
  f.io.poll();
  f.client.close();
  f.client.close();
  CHECK_FALSE(f.client.is_connected());
  f.script.request_bytes = 14;
  f.connect();
  CHECK(run(f.io, f.client.ping()).has_value());
  CHECK(pending.get().error() == errc::connection_lost);
}

TEST_CASE("Client: destroying it fails what is under way", "[client]") {
  Fixture f(recital({}, false));
  f.connect();
  std::optional<Client> client(std::move(f.client));
  auto pending = co_spawn(f.io, client->read("k"), asio::use_future);
  f.io.poll();
  client.reset();
  f.io.poll();
  CHECK(pending.get().error() == errc::connection_lost);
}

namespace {

asio::awaitable<void> read_for_ever(std::uint16_t port, bool& connected) {
  Client client(co_await asio::this_coro::executor);
  connected = (co_await client.connect("127.0.0.1", port)).has_value();
  co_await client.read("k");
  FAIL("nobody answered");
}

}  // namespace

TEST_CASE("Client: the execution context may end with requests under way", "[client]") {
  std::future<void> pending;
  {
    asio::io_context io;
    FakeServer server(io, [](auto socket) { return test::recite(std::move(socket), Recital{}); });
    bool connected = false;
    pending = co_spawn(io, read_for_ever(server.port(), connected), asio::use_future);
    while (!connected)
      io.run_one_for(10s);
    io.poll();
  }
  CHECK_THROWS_AS(pending.get(), std::future_error);  // the frame is gone, and its promise with it
}

namespace {

asio::awaitable<bool> read_or_give_up(Client& client, std::chrono::milliseconds patience) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(co_await asio::this_coro::executor, patience);
  auto first = co_await (client.read("k") || timer.async_wait(asio::use_awaitable));
  co_return first.index() == 0;
}

}  // namespace

TEST_CASE("Client: giving up an answer leaves the connection in step", "[client]") {
  // Nothing comes before two requests are there; then both are answered.
  const std::size_t request_bytes = Pipeline().add("R", "k").encoded().size();
  Recital script;
  script.request_bytes = 2 * request_bytes;
  script.pieces = {"$1\r\na\r\n$1\r\nb\r\n"};
  Fixture f(std::move(script));
  f.connect();
  CHECK_FALSE(run(f.io, read_or_give_up(f.client, 20ms)));
  REQUIRE(f.client.is_connected());
  CHECK(run(f.io, f.client.read("k")).value() == "b");
}
