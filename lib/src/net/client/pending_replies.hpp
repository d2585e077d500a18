#pragma once

#include "pkv/errc.hpp"
#include "pkv/reply.hpp"

#include "net/client/reply_listener.hpp"
#include "net/wake_up.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pkv {

class ClientConnection;

/// The replies to one request, on the frame of the coroutine that waits for them.
///
/// Thread safety: none; lives on the connection's executor.
/// Lifetime: if it ends early - the coroutine was cancelled, the execution context is being
/// destroyed - the replies still to come are dropped.
class PendingReplies final : public ReplyListener {
 public:
  /// Sends the commands. Requires: commands > 0.
  PendingReplies(std::shared_ptr<ClientConnection> connection, std::string_view encoded,
                 std::size_t commands);
  ~PendingReplies();

  /// Waits until all are there. Call it once.
  [[nodiscard]] boost::asio::awaitable<result<std::vector<Reply>>> wait();

  void on_reply(Reply&& reply) override;

  void on_turn_end() override {}

  void on_closed(boost::system::error_code reason) override;

 private:
  [[nodiscard]] bool complete() const noexcept { return replies_.size() == expected_; }

  std::shared_ptr<ClientConnection> connection_;
  WakeUp wake_up_;
  std::size_t expected_;
  std::vector<Reply> replies_;
  boost::system::error_code failure_;
};

/// Sends the commands and waits for their replies. Requires: commands > 0.
[[nodiscard]] boost::asio::awaitable<result<std::vector<Reply>>> send_and_wait(
    std::shared_ptr<ClientConnection> connection, std::string encoded, std::size_t commands);

}  // namespace pkv
