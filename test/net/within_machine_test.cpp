#include "net/within_machine.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

namespace pkv {
namespace {

namespace ip = boost::asio::ip;
using ip::tcp;

TEST_CASE("is_within_machine: by addresses of the loopback interface", "[net]") {
  for (const char* const address : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"}) {
    CAPTURE(address);
    boost::asio::io_context io{1};
    tcp::acceptor acceptor(io);
    const tcp::endpoint any_port(ip::make_address(address), 0);
    boost::system::error_code error;
    acceptor.open(any_port.protocol(), error);
    if (!error) acceptor.bind(any_port, error);
    if (error && any_port.protocol() == tcp::v6()) continue;  // a machine without IPv6
    REQUIRE(!error);
    acceptor.listen();
    tcp::socket client(io);
    client.connect(acceptor.local_endpoint());
    CHECK(is_within_machine(client));
    CHECK(is_within_machine(acceptor.accept()));
  }
}

TEST_CASE("is_within_machine: not before there is a connection, nor after", "[net]") {
  boost::asio::io_context io{1};
  tcp::acceptor acceptor(io, {ip::make_address("127.0.0.1"), 0});
  tcp::socket client(io, tcp::v4());
  CHECK_FALSE(is_within_machine(client));
  client.connect(acceptor.local_endpoint());
  client.close();
  CHECK_FALSE(is_within_machine(client));
}

}  // namespace
}  // namespace pkv
