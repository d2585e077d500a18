#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
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

  /// Reads exactly `size` bytes, or fewer if the server closes the connection before. Throws
  /// std::runtime_error, with what has come, if that takes too long.
  [[nodiscard]] std::string receive(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t received = 0;
    bool ended = false;
    boost::asio::async_read(socket_, boost::asio::buffer(bytes),
                            [&](const boost::system::error_code&, std::size_t count) {
                              received = count;
                              ended = true;
                            });
    io_.restart();
    io_.run_for(patience);
    const bool late = !ended;
    if (late) {
      socket_.close();  // so that the operation ends, and lets go of the buffer
      io_.run();
    }
    bytes.resize(received);
    if (late)
      throw std::runtime_error("the server has sent only " + std::to_string(received) + " of " +
                               std::to_string(size) + " bytes within " +
                               std::to_string(patience.count()) + " s: \"" +
                               bytes.substr(0, most_shown) + "\"");
    return bytes;
  }

  /// Sends a command and returns the line that answers it, with its end.
  [[nodiscard]] std::string ask_line(std::string_view command) {
    send(command);
    std::string line;
    while (!line.ends_with("\r\n")) {
      const std::string byte = receive(1);
      if (byte.empty()) break;
      line += byte;
    }
    return line;
  }

  /// Sends a command and returns as many bytes as `expected` has, for comparison with it.
  [[nodiscard]] std::string ask(std::string_view command, std::string_view expected) {
    send(command);
    return receive(expected.size());
  }

 private:
  static constexpr std::chrono::seconds patience{30};
  static constexpr std::size_t most_shown = 200;

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
};

}  // namespace pkv::test
