#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <future>
#include <stdexcept>
#include <utility>

namespace pkv::test {

/// Runs the io_context until the coroutine has ended, and returns what it returned. Whatever else
/// runs there (a server that accepts, say) stays alive and is left waiting.
template <class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> work) {
  using namespace std::chrono_literals;
  std::future<T> outcome = co_spawn(io, std::move(work), boost::asio::use_future);
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (outcome.wait_for(0s) != std::future_status::ready) {
    if (io.stopped()) io.restart();
    if (io.run_one_until(deadline) == 0) throw std::runtime_error("the coroutine hangs");
  }
  return outcome.get();
}

}  // namespace pkv::test
