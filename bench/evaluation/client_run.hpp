#pragma once

#include "pkv/client.hpp"
#include "pkv/pipeline.hpp"

#include "evaluation/workload.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <vector>

namespace pkv::evaluation {

/// One client: its connection, its commands, and the check of every answer.
///
/// Thread safety: none; its executor's thread.
/// Lifetime: must outlive the coroutines it gives out.
/// Errors: all coroutines throw Failure.
class ClientRun {
 public:
  ClientRun(boost::asio::any_io_executor executor, const Settings& settings, int number);

  [[nodiscard]] boost::asio::awaitable<void> connect(std::uint16_t port);

  /// Creates `keys` keys, many under way at once.
  [[nodiscard]] boost::asio::awaitable<void> load(std::size_t keys);

  /// Executes `operations` of the mix, `Settings::depth` at a time.
  [[nodiscard]] boost::asio::awaitable<void> operate(std::size_t operations);

  /// Reads everything back.
  [[nodiscard]] boost::asio::awaitable<void> check_all();

  [[nodiscard]] Client& client() noexcept { return client_; }
  [[nodiscard]] std::size_t size() const noexcept { return workload_.size(); }

 private:
  void add(const Request& request);
  /// Sends what was added and compares the answers.
  [[nodiscard]] boost::asio::awaitable<void> exchange();

  Client client_;
  Workload workload_;
  std::size_t depth_;
  Pipeline pipeline_;
  std::vector<Request> requests_;  // those in the pipeline
};

}  // namespace pkv::evaluation
