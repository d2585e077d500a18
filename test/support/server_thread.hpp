#pragma once

#include "pkv/server.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

namespace pkv::test {

/// A server that holds the data itself, on a thread of its own, for programs that a test starts.
///
/// Thread safety: for the thread that made it.
/// Lifetime: the destructor ends the server and cuts its connections.
class ServerThread {
 public:
  explicit ServerThread(std::size_t nodes = 3)
      : server_(std::make_unique<Server>(io_, ServerOptions{}, nodes)),
        port_(server_->port()),
        thread_([this] { io_.run(); }) {}

  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  ~ServerThread() {
    io_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  boost::asio::io_context io_{1};
  std::unique_ptr<Server> server_;
  std::uint16_t port_;
  std::jthread thread_;
};

}  // namespace pkv::test
