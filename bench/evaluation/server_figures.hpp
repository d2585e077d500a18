#pragma once

#include "pkv/client.hpp"

#include "evaluation/measurement.hpp"

#include <boost/asio/awaitable.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace pkv::evaluation {

/// A wrong or missing answer, or a connection that failed: the evaluation is worth nothing then.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Begins the server's measurements anew. Throws Failure.
[[nodiscard]] boost::asio::awaitable<void> reset_figures(Client& client);

/// What rank 0 measured since then: INFO commandstats latencystats. Throws Failure.
[[nodiscard]] boost::asio::awaitable<PerKind<OperationTimes>> fetch_times(Client& client);

/// What each node did since then: NODES. Throws Failure.
[[nodiscard]] boost::asio::awaitable<std::vector<NodeLoad>> fetch_loads(Client& client);

/// Sends one command and returns its reply, unless that is an error. Throws Failure.
[[nodiscard]] boost::asio::awaitable<Reply> ask(Client& client, Command command);

}  // namespace pkv::evaluation
