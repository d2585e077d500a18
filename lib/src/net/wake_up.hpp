#pragma once

#include "net/no_throw.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <utility>

namespace pkv {

/// Lets one coroutine wait until another handler of the same executor calls wake().
///
///     while (!condition && !cancelled) co_await wake_up.wait();
///
/// A timer that never expires: a frame that waits on it is destroyed with the execution context
/// like any other, which a handler kept in a container of ours would not be. wake() is not
/// remembered, so check the condition first. wait() also returns when the coroutine is cancelled.
///
/// Thread safety: none.
class WakeUp {
 public:
  explicit WakeUp(boost::asio::any_io_executor executor)
      : timer_(std::move(executor), std::chrono::steady_clock::time_point::max()) {}

  [[nodiscard]] auto wait() { return timer_.async_wait(no_throw); }

  void wake() { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;
};

}  // namespace pkv
