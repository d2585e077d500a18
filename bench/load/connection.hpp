#pragma once

#include "base/byte_buffer.hpp"
#include "load/operation.hpp"
#include "load/protocol.hpp"
#include "load/receive_buffer.hpp"
#include "load/schedule.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/circular_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace pkv::bench {

/// A request under way.
struct Exchange {
  Operation operation;
  /// When the operation began, or should have: what its latency counts from.
  Clock::time_point begin{};
  /// The second half of a read-modify-write.
  bool is_write_back = false;
};

class Connection;

/// What a Connection tells its owner.
class ConnectionListener {
 public:
  virtual void on_connected(Connection& connection) = 0;
  /// The answer to the oldest exchange; its bytes are there during the call only.
  virtual void on_answer(Connection& connection, const Exchange& exchange, const Answer& answer,
                         Clock::time_point now) = 0;
  /// All answers that had arrived were given: the time to send more.
  virtual void on_turn(Connection& connection, Clock::time_point now) = 0;
  /// The connection failed or was closed, with these exchanges under way. It is of no more use.
  virtual void on_closed(Connection& connection,
                         const boost::circular_buffer<Exchange>& unanswered) = 0;

 protected:
  ~ConnectionListener() = default;
};

/// One connection to the server: sends bytes, and finds the exchange that each answer belongs to,
/// which is the oldest.
///
///     connection.connect(endpoint);  // and once on_connected() was called:
///     requests.append_get(connection.output(), key);
///     connection.expect({...});      // as often as wanted, then
///     connection.flush();
///
/// A whole pipeline of requests goes out with one write, and what has arrived comes in with one
/// read, because the generator shares the processor with the server that it measures.
///
/// Thread safety: none; lives on the thread that runs `io`.
/// Lifetime: `io` and `listener` must outlive it, and `io` must not run afterwards.
/// Errors: on_closed(), then fault() says why.
class Connection {
 public:
  using IoContext = boost::asio::io_context;
  using Endpoint = boost::asio::ip::tcp::endpoint;

  /// `number` is for the owner. No more than `pipeline` exchanges may be under way.
  Connection(IoContext& io, ConnectionListener& listener, Protocol protocol, std::size_t number,
             std::size_t pipeline);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void connect(const Endpoint& server);

  /// Where requests are appended.
  [[nodiscard]] ByteBuffer& output() noexcept { return output_; }

  /// Says what was appended. Requires: under_way() is less than `pipeline`.
  void expect(const Exchange& exchange) { exchanges_.push_back(exchange); }

  /// Sends what was appended. `now` is when, for stalled().
  void flush(Clock::time_point now);

  /// Gives up; calls on_closed().
  void close(std::string fault);

  [[nodiscard]] std::size_t number() const noexcept { return number_; }
  [[nodiscard]] std::size_t under_way() const noexcept { return exchanges_.size(); }
  [[nodiscard]] bool has_room() const noexcept { return is_open_ && !exchanges_.full(); }
  [[nodiscard]] bool is_open() const noexcept { return is_open_; }
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

  /// Whether answers are due and nothing has arrived or gone out for `patience`.
  [[nodiscard]] bool stalled(Clock::time_point now, Clock::duration patience) const noexcept {
    return !exchanges_.empty() && now - last_progress_ > patience;
  }

  /// All bytes so far.
  [[nodiscard]] std::uint64_t sent_bytes() const noexcept { return sent_bytes_; }
  [[nodiscard]] std::uint64_t received_bytes() const noexcept { return received_bytes_; }

 private:
  using Error = boost::system::error_code;
  // With the executor's type known, no call goes through any_io_executor.
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, IoContext::executor_type>;

  void on_connect_result(const Error& error);
  void receive(std::size_t wanted_bytes);
  void on_received(const Error& error, std::size_t bytes);
  /// Returns the number of bytes to wait for; 0 if the connection was closed.
  [[nodiscard]] std::size_t take_answers(Clock::time_point now);
  void wait_until_writable();

  Socket socket_;
  ConnectionListener& listener_;
  Protocol protocol_;
  AnswerScanner scan_;
  std::size_t number_;
  bool is_open_ = false;
  bool is_closed_ = false;
  bool waits_to_write_ = false;
  ByteBuffer output_;
  std::size_t sent_ = 0;  // of output_
  ReceiveBuffer input_;
  boost::circular_buffer<Exchange> exchanges_;
  Clock::time_point last_progress_{};
  std::uint64_t sent_bytes_ = 0;
  std::uint64_t received_bytes_ = 0;
  std::string fault_;
};

}  // namespace pkv::bench
