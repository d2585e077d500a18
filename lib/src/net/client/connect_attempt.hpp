#pragma once

#include "pkv/errc.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pkv {

/// Finds the addresses of a host and connects to the first that accepts, within a deadline.
///
/// Every address gets an equal share of the time that is left, so that one that swallows packets
/// does not keep the next from being tried.
///
/// Thread safety: none; lives on its executor.
/// Lifetime: shared with its handlers, since a look-up in the system's resolver cannot be
/// interrupted: after a timeout it ends by itself and finds nobody waiting.
class ConnectAttempt : public std::enable_shared_from_this<ConnectAttempt> {
 public:
  using Tcp = boost::asio::ip::tcp;

  ConnectAttempt(boost::asio::any_io_executor executor, std::chrono::milliseconds timeout);

  void start(const std::string& host, std::uint16_t port);

  /// Waits for the outcome. Call it once.
  [[nodiscard]] static boost::asio::awaitable<result<Tcp::socket>> outcome(
      std::shared_ptr<ConnectAttempt> self);

 private:
  void on_resolved(boost::system::error_code error, const Tcp::resolver::results_type& found);
  void try_next();
  void limit_this_try();
  void on_connected(boost::system::error_code error);
  void finish(boost::system::error_code error);

  Tcp::resolver resolver_;
  Tcp::socket socket_;
  boost::asio::steady_timer deadline_;   // the coroutine waits on it; cancelled by finish()
  boost::asio::steady_timer try_limit_;  // for the address being tried
  std::vector<Tcp::endpoint> endpoints_;
  std::size_t next_endpoint_ = 0;
  bool try_expired_ = false;
  bool finished_ = false;
  boost::system::error_code error_;  // of the last address tried, or the outcome
};

}  // namespace pkv
