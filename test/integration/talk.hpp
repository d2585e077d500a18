#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pkv::test {

/// A connection to a server on this machine that sends bytes and reads as many as it is told to.
class Conversation {
 public:
  explicit Conversation(std::uint16_t port) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  }

  void send(std::string_view bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }

  /// Reads exactly `size` bytes, or fewer if the server closes the connection before.
  [[nodiscard]] std::string receive(std::size_t size) {
    std::string bytes(size, '\0');
    boost::system::error_code end;
    bytes.resize(boost::asio::read(socket_, boost::asio::buffer(bytes), end));
    return bytes;
  }

  /// Sends a command and returns as many bytes as `expected` has, for comparison with it.
  [[nodiscard]] std::string ask(std::string_view command, std::string_view expected) {
    send(command);
    return receive(expected.size());
  }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
};

}  // namespace pkv::test
