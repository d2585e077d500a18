#pragma once

#include "pkv/client.hpp"
#include "pkv/errc.hpp"
#include "pkv/pipeline.hpp"
#include "pkv/reply.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace pkv {

struct CommandStreamOptions {
  /// Encoded commands sent and not answered. One batch may exceed it.
  std::size_t window_bytes = std::size_t{1} << 20;
  /// The same as a number of commands.
  std::size_t window_commands = std::size_t{1} << 16;
};

/// Sends batches of commands without end and hands over the replies as they come: for bulk loads.
///
///     CommandStream stream(client, [](std::span<Reply> replies) { ... });
///     while (...) {
///       if (auto sent = co_await stream.send(next_batch()); !sent) ...
///     }
///     auto finished = co_await stream.finish();
///
/// The consumer gets every reply once, in the order of the commands, as many at a time as arrived
/// together; it may move from them, and should be quick, since nothing else happens meanwhile. It
/// must not throw, and must not destroy the stream.
///
/// Thread safety: none; as the client. One coroutine at a time may await send() or finish().
/// Lifetime: belongs to the connection that `client` has when it is made, and may outlive `client`.
/// If it is destroyed before finish(), the remaining replies are dropped.
/// Errors: as Client; the request timeout counts from each turn that brings replies. Once an error
/// was returned the connection is of no more use, and the replies before it have been handed over.
class CommandStream {
 public:
  using Consumer = std::function<void(std::span<Reply>)>;

  CommandStream(Client& client, Consumer consumer, CommandStreamOptions options = {});
  CommandStream(CommandStream&&) noexcept;
  CommandStream& operator=(CommandStream&&) = delete;
  ~CommandStream();

  /// Sends the commands as soon as the window has room for them. Returns before they are answered.
  [[nodiscard]] boost::asio::awaitable<result<void>> send(Pipeline batch);

  /// Waits until the consumer has got all replies.
  [[nodiscard]] boost::asio::awaitable<result<void>> finish();

  /// The number of commands sent whose replies the consumer has not got.
  [[nodiscard]] std::size_t unanswered() const noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace pkv
