#pragma once

#include "base/byte_buffer.hpp"
#include "net/client/reply_listener.hpp"
#include "net/within_machine.hpp"
#include "protocol/reply_parser.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string_view>

namespace pkv {

/// What the request timeout is for.
enum class Patience {
  whole_request,  ///< All replies, from the moment of sending.
  each_turn,      ///< The next replies, from the last ones on.
};

/// The client's end of a connection: one queue of requests going out, their replies coming in.
///
///     commands -> filling_ -> (end of turn) -> sending_ -> socket -> input_ -> parser_ -> sinks
///
/// What is sent during one turn of the event loop leaves with one write. It always receives, even
/// while a write waits, so that two full socket buffers cannot block each other.
///
/// Thread safety: none; everything happens on the socket's executor.
/// Lifetime: its handlers share it; it ends when it is closed and nobody else holds it.
/// Errors: the first error closes it, and every listener with replies missing is told the reason.
class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  ClientConnection(boost::asio::ip::tcp::socket socket, std::chrono::milliseconds request_timeout);

  /// Begins to receive.
  void start();

  [[nodiscard]] boost::asio::any_io_executor executor() { return socket_.get_executor(); }

  [[nodiscard]] bool is_open() const noexcept { return open_; }

  /// False if the connection is closed.
  [[nodiscard]] bool is_within_machine() const noexcept {
    return open_ && pkv::is_within_machine(socket_);
  }

  /// Sends commands whose replies go to `listener`, which must live until it has got them all, was
  /// told on_closed, or is abandoned. Fails, and does nothing, if the connection is closed.
  [[nodiscard]] boost::system::error_code send(std::string_view encoded, std::size_t commands,
                                               ReplyListener& listener, Patience patience);

  /// Drops the replies that `listener` is still to get.
  void abandon(const ReplyListener& listener) noexcept;

  /// Ends the connection. Does nothing the second time.
  void close(boost::system::error_code reason);

 private:
  using Clock = std::chrono::steady_clock;

  /// Commands sent with one call, in the order of the calls.
  struct Request {
    ReplyListener* listener;  // null when abandoned: the replies must be counted all the same
    std::size_t missing_replies;
    Patience patience;
    Clock::time_point since;
  };

  void flush_at_end_of_turn();
  void flush();
  void on_written(boost::system::error_code error);

  void receive(std::size_t wanted_bytes);
  void on_received(boost::system::error_code error, std::size_t bytes);
  [[nodiscard]] std::size_t deliver_replies();
  [[nodiscard]] bool deliver(Reply&& reply, ReplyListener*& last_listener);

  void watch_deadline();
  void on_deadline();

  boost::asio::ip::tcp::socket socket_;
  bool open_ = true;
  std::deque<Request> requests_;  // those with replies missing

  ByteBuffer filling_;
  ByteBuffer sending_;
  bool flush_is_due_ = false;
  bool writing_ = false;

  ByteBuffer input_;
  std::size_t room_bytes_ = 0;  // at the end of input_, being received into
  ReplyParser parser_;

  std::chrono::milliseconds request_timeout_;
  boost::asio::steady_timer deadline_;
  bool deadline_is_watched_ = false;
};

}  // namespace pkv
