#include "net/prepare_connection.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <array>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>

namespace pkv {
namespace {

using boost::asio::ip::tcp;

/// The two ends of a connection within this machine.
struct Connection {
  explicit Connection(const char* address)
      : acceptor(io, {boost::asio::ip::make_address(address), 0}) {
    client.connect(acceptor.local_endpoint());
    acceptor.accept(server);
  }

  boost::asio::io_context io{1};
  tcp::acceptor acceptor;
  tcp::socket client{io};
  tcp::socket server{io};
};

std::string algorithm_of(tcp::socket& socket) {
  std::array<char, 16> name{};
  socklen_t length = name.size() - 1;
  REQUIRE(getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &length) ==
          0);
  return name.data();
}

TEST_CASE("prepare_connection: within the machine both ends do without pacing", "[net]") {
  Connection connection("127.0.0.1");
  for (tcp::socket* const end : {&connection.client, &connection.server}) {
    prepare_connection(*end);
    CHECK(algorithm_of(*end) == "reno");
    tcp::no_delay no_delay;
    end->get_option(no_delay);
    CHECK(no_delay.value());
  }
}

TEST_CASE("prepare_connection: leaves a socket alone that leads nowhere yet", "[net]") {
  boost::asio::io_context io{1};
  tcp::socket socket(io, tcp::v4());
  const std::string before = algorithm_of(socket);
  prepare_connection(socket);
  CHECK(algorithm_of(socket) == before);
}

}  // namespace
}  // namespace pkv
