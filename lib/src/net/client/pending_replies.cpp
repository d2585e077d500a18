#include "net/client/pending_replies.hpp"

#include "net/client/client_connection.hpp"

#include <utility>

namespace pkv {

namespace asio = boost::asio;

PendingReplies::PendingReplies(std::shared_ptr<ClientConnection> connection,
                               std::string_view encoded, std::size_t commands)
    : connection_(std::move(connection)), wake_up_(connection_->executor()), expected_(commands) {
  replies_.reserve(expected_);
  failure_ = connection_->send(encoded, commands, *this, Patience::whole_request);
}

PendingReplies::~PendingReplies() {
  if (!complete() && !failure_) connection_->abandon(*this);
}

asio::awaitable<result<std::vector<Reply>>> PendingReplies::wait() {
  if (!complete() && !failure_) {
    auto [wait_error] = co_await wake_up_.wait();
    if (!complete() && !failure_) co_return wait_error;  // the coroutine is being cancelled
  }
  if (failure_) co_return failure_;
  co_return std::move(replies_);
}

void PendingReplies::on_reply(Reply&& reply) {
  replies_.push_back(std::move(reply));
  if (complete()) wake_up_.wake();
}

void PendingReplies::on_closed(boost::system::error_code reason) {
  failure_ = reason;
  wake_up_.wake();
}

asio::awaitable<result<std::vector<Reply>>> send_and_wait(
    std::shared_ptr<ClientConnection> connection, std::string encoded, std::size_t commands) {
  PendingReplies pending(std::move(connection), encoded, commands);
  encoded = {};  // the connection has a copy, and values can be large
  co_return co_await pending.wait();
}

}  // namespace pkv
