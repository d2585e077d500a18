#include "net/client/connect_attempt.hpp"

#include "net/no_throw.hpp"
#include "net/prepare_connection.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace pkv {

namespace asio = boost::asio;
using boost::system::error_code;

ConnectAttempt::ConnectAttempt(asio::any_io_executor executor, std::chrono::milliseconds timeout)
    : resolver_(executor), socket_(executor), deadline_(executor, timeout), try_limit_(executor) {}

void ConnectAttempt::start(const std::string& host, std::uint16_t port) {
  error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {  // spares the resolver's thread
    endpoints_.emplace_back(address, port);
    try_next();
    return;
  }
  resolver_.async_resolve(host, std::to_string(port), Tcp::resolver::numeric_service,
                          [self = shared_from_this()](error_code error, const auto& found) {
                            self->on_resolved(error, found);
                          });
}

asio::awaitable<result<asio::ip::tcp::socket>> ConnectAttempt::outcome(
    std::shared_ptr<ConnectAttempt> self) {
  if (!self->finished_) {
    auto [wait_error] = co_await self->deadline_.async_wait(no_throw);
    // Neither finished nor expired: the coroutine is being cancelled.
    if (wait_error && !self->finished_) self->finish(asio::error::operation_aborted);
    if (!self->finished_) self->finish(errc::timed_out);
  }
  if (self->error_) co_return self->error_;
  co_return std::move(self->socket_);
}

void ConnectAttempt::on_resolved(error_code error, const Tcp::resolver::results_type& found) {
  if (finished_) return;
  if (error) {
    finish(error);
    return;
  }
  for (const auto& entry : found)
    endpoints_.push_back(entry.endpoint());
  try_next();
}

void ConnectAttempt::try_next() {
  if (next_endpoint_ == endpoints_.size()) {
    finish(error_ ? error_ : error_code(asio::error::host_not_found));
    return;
  }
  limit_this_try();
  const auto& endpoint = endpoints_[next_endpoint_++];
  socket_.async_connect(
      endpoint, [self = shared_from_this()](error_code error) { self->on_connected(error); });
}

void ConnectAttempt::limit_this_try() {
  const auto left = deadline_.expiry() - std::chrono::steady_clock::now();
  const auto addresses_left = static_cast<long>(endpoints_.size() - next_endpoint_);
  try_expired_ = false;
  if (addresses_left == 1) {  // may use up what there is
    try_limit_.cancel();
    return;
  }
  try_limit_.expires_after(left / addresses_left);
  try_limit_.async_wait([self = shared_from_this(), tried = next_endpoint_ + 1](error_code error) {
    if (error || self->finished_ || self->next_endpoint_ != tried) return;
    self->try_expired_ = true;
    error_code ignored;
    self->socket_.close(ignored);
  });
}

void ConnectAttempt::on_connected(error_code error) {
  if (finished_) return;
  if (!error && !try_expired_) {
    prepare_connection(socket_);
    finish({});
    return;
  }
  if (try_expired_) {
    error_ = errc::timed_out;
  } else {
    error_ = error;
  }
  error_code ignored;
  socket_.close(ignored);
  try_next();
}

void ConnectAttempt::finish(error_code error) {
  finished_ = true;
  error_ = error;
  try_limit_.cancel();
  deadline_.cancel();
  if (!error) return;
  resolver_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace pkv
