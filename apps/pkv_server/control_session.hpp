#pragma once

#include "mpi/control_protocol.hpp"
#include "mpi/line_reader.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>

namespace pkv::server {

/// A connection from somebody who may be a keeper, at rank 0.
///
/// It begins with a hello that carries the token, in good time; anything else ends it.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: keeps itself alive while the connection is open. The callbacks may be called until
/// close(), or the end was reported.
/// Errors: whatever goes wrong ends the connection.
class ControlSession : public std::enable_shared_from_this<ControlSession> {
 public:
  struct Callbacks {
    /// The hello first, then what follows.
    std::function<void(const std::shared_ptr<ControlSession>&, const mpi::control::Report&)> report;
    /// Once, unless close() was called.
    std::function<void(const std::shared_ptr<ControlSession>&)> ended;
  };

  ControlSession(boost::asio::ip::tcp::socket socket, std::string token, Callbacks callbacks);

  void start();

  /// Sent at once. If the keeper takes nothing any more, the connection ends.
  void order(const mpi::control::Order& order);

  void close() noexcept;

  /// The keeper's rank; 0 before it has said hello.
  [[nodiscard]] int rank() const noexcept { return hello_.rank; }
  [[nodiscard]] const std::string& host() const noexcept { return hello_.host; }

 private:
  void read();
  void on_bytes(std::size_t count);
  [[nodiscard]] bool on_line(const std::string& line);
  [[nodiscard]] bool accept_hello(const mpi::control::Report& report);
  void end();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer hello_deadline_;
  const std::string token_;
  Callbacks callbacks_;
  std::array<char, 4096> chunk_{};
  mpi::LineReader lines_{mpi::control::longest_line_bytes};
  mpi::control::Hello hello_;
  bool known_ = false;
  bool open_ = true;
};

}  // namespace pkv::server
