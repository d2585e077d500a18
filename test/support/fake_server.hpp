#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::test {

/// Accepts on a free port of the loopback interface and plays a script on each connection.
///
/// The script must be an ordinary function or lambda that calls a coroutine; what it captures must
/// outlive the connection.
///
/// Thread safety: none; lives on the thread that runs `io`, which must outlive it.
class FakeServer {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Script = std::function<boost::asio::awaitable<void>(Tcp::socket)>;

  FakeServer(boost::asio::io_context& io, Script script);
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void accept();

  Tcp::acceptor acceptor_;
  Script script_;
};

/// Answers one command with the bytes of one encoded reply.
using Answer = std::function<std::string(std::span<const std::string_view>)>;

/// A script: parses commands as the real server does and answers each in turn until the client
/// hangs up or an answer is empty, which hangs up on the client.
boost::asio::awaitable<void> answer_commands(boost::asio::ip::tcp::socket socket, Answer answer);

/// A script: waits for `request_bytes` bytes, then sends `pieces` one after the other, each in a
/// packet of its own, then hangs up if asked to or waits for the client to do so.
struct Recital {
  std::size_t request_bytes = 1;
  std::vector<std::string> pieces;
  bool hangs_up = false;
};

boost::asio::awaitable<void> recite(boost::asio::ip::tcp::socket socket, Recital recital);

}  // namespace pkv::test
