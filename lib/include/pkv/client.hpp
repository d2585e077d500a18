#pragma once

#include "pkv/command.hpp"
#include "pkv/errc.hpp"
#include "pkv/pipeline.hpp"
#include "pkv/reply.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pkv {

class ClientConnection;

struct ClientOptions {
  /// For finding the host's addresses and trying them all.
  std::chrono::milliseconds connect_timeout{10'000};
  /// For one request, from the call to its whole answer, the transfer of large values included.
  std::chrono::milliseconds request_timeout{10'000};
};

/// A connection to a pkv server, for coroutines.
///
///     boost::asio::awaitable<void> greet(boost::asio::any_io_executor executor) {
///       pkv::Client client(executor);
///       if (auto connected = co_await client.connect("127.0.0.1", 7379); !connected) co_return;
///       const auto city = co_await client.read("city");
///       if (city) std::cout << *city << '\n';
///     }
///
/// Any number of coroutines may have requests under way at once; they share the connection,
/// commands are sent in the order of the calls without waiting for each other's answers (those of
/// one turn of the event loop with one write), and executed in that order. For many commands from
/// one coroutine use a Pipeline; for unlimited streams of them a CommandStream.
///
/// Thread safety: none. Call it from, and await it on, the thread or strand of its executor. It
/// starts no threads; the system's resolver has one of its own for host names that are not
/// addresses. Lifetime: the execution context must outlive it. It may be destroyed while requests
/// are under way, which then fail as after close(); not while connect() is. While it is connected,
/// an io_context has work and its run() does not return. Cancelling a coroutine that awaits an
/// answer gives up the answer only: the command may still be executed, and the connection stays in
/// use. Errors: a request whose answer does not come fails with errc::timed_out (the connection is
/// closed then, because answers could no longer be told apart, and all requests under way fail so),
/// errc::connection_lost or errc::protocol_error; the command may have been executed or not. What
/// the server refuses is a Reply of kind error from execute(), and error_of(reply) from the rest.
class Client {
 public:
  template <class T>
  using awaitable = boost::asio::awaitable<T>;

  explicit Client(boost::asio::any_io_executor executor);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// Connects to the first address of `host`, a name or an address, that accepts. A connection that
  /// there was is closed first. Fails with errc::timed_out or the system's error for the last
  /// address.
  [[nodiscard]] awaitable<result<void>> connect(std::string host, std::uint16_t port,
                                                ClientOptions options = {});

  /// False before connect(), after close(), and as soon as the loss of the connection was noticed.
  [[nodiscard]] bool is_connected() const noexcept;

  /// Whether the server is on this machine, as far as the addresses tell. False without a
  /// connection.
  [[nodiscard]] bool is_connected_within_machine() const noexcept;

  /// Ends the connection; requests under way fail with errc::connection_lost. connect() may follow.
  void close() noexcept;

  /// Sends one command, which must be one that has exactly one reply: not SUBSCRIBE or MONITOR.
  [[nodiscard]] awaitable<result<Reply>> execute(Command command);

  /// Sends the commands with one write. There is one reply for each, in order, or an error for all.
  [[nodiscard]] awaitable<result<std::vector<Reply>>> execute(Pipeline pipeline);

  /// Stores a new value; errc::key_exists if there is one.
  [[nodiscard]] awaitable<result<void>> create(std::string key, std::string value);

  /// The value; errc::key_not_found if there is none.
  [[nodiscard]] awaitable<result<std::string>> read(std::string key);

  /// Replaces the value; errc::key_not_found if there is none.
  [[nodiscard]] awaitable<result<void>> update(std::string key, std::string value);

  /// Removes the value; errc::key_not_found if there is none.
  [[nodiscard]] awaitable<result<void>> erase(std::string key);

  /// Stores the value, whether there was one or not.
  [[nodiscard]] awaitable<result<void>> put(std::string key, std::string value);

  [[nodiscard]] awaitable<result<bool>> exists(std::string key);

  /// Adds to the number that the value is in decimal, 0 if there is none, and returns the sum;
  /// errc::not_an_integer or errc::integer_overflow, with the value unchanged, where that fails.
  [[nodiscard]] awaitable<result<std::int64_t>> increment(std::string key, std::int64_t by = 1);

  /// Asks for a sign of life.
  [[nodiscard]] awaitable<result<void>> ping();

 private:
  friend class CommandStream;

  boost::asio::any_io_executor executor_;
  std::shared_ptr<ClientConnection> connection_;  // null before connect()
};

/// The error that an error reply stands for: errc::key_not_found, say. What this library has no
/// number for is errc::command_refused; reply.text() says more, and only execute() keeps it.
/// Requires: reply.is_error().
[[nodiscard]] boost::system::error_code error_of(const Reply& reply);

}  // namespace pkv
