#pragma once

#include "pkv/client.hpp"

#include "options.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <utility>

namespace pkv::cli {

/// A client for code that does one thing after the other: each call returns when it is done.
///
/// Thread safety: none, but for executor(), to which other threads may post.
/// Errors: as pkv::Client.
class BlockingClient {
 public:
  explicit BlockingClient(const Options& options) : options_(options) {}

  [[nodiscard]] result<void> connect();
  [[nodiscard]] result<Reply> execute(Command command);
  [[nodiscard]] result<std::vector<Reply>> execute(Pipeline pipeline);

  /// Runs the event loop until the coroutine has ended, and returns what it returned.
  template <class T>
  T run(boost::asio::awaitable<T> work);

  [[nodiscard]] Client& client() noexcept { return client_; }

  [[nodiscard]] boost::asio::io_context::executor_type executor() noexcept {
    return io_.get_executor();
  }

 private:
  Options options_;
  boost::asio::io_context io_{1};
  Client client_{io_.get_executor()};
};

template <class T>
T BlockingClient::run(boost::asio::awaitable<T> work) {
  std::future<T> outcome = co_spawn(io_, std::move(work), boost::asio::use_future);
  while (outcome.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    io_.restart();
    io_.run_one();
  }
  return outcome.get();
}

/// Says on standard error why there is no connection, and what to do about it.
void report_no_connection(const Options& options, boost::system::error_code error);

}  // namespace pkv::cli
