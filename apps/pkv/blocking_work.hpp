#pragma once

#include "net/wake_up.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <utility>

namespace pkv::cli {

/// Lets a coroutine wait for calls that block, while its executor goes on with other things: reads
/// and writes of files, which epoll refuses, and of pipes that others share.
///
/// Thread safety: none; one run() at a time. The work runs on a thread of its own.
/// Lifetime: the destructor waits for work that is going on.
class BlockingWork {
 public:
  explicit BlockingWork(boost::asio::any_io_executor executor)
      : executor_(executor), done_(std::move(executor)) {}

  /// Returns when the work, which must not throw, has returned.
  boost::asio::awaitable<void> run(std::function<void()> work) {
    work_ = std::move(work);
    is_done_ = false;
    boost::asio::post(thread_, [this] {
      work_();
      boost::asio::post(executor_, [this] {
        is_done_ = true;
        done_.wake();
      });
    });
    while (!is_done_)
      co_await done_.wait();
  }

 private:
  boost::asio::any_io_executor executor_;
  WakeUp done_;
  bool is_done_ = false;
  std::function<void()> work_;
  boost::asio::thread_pool thread_{1};  // last: it uses the others
};

}  // namespace pkv::cli
