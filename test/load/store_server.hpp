#pragma once

#include "support/fake_server.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace pkv::bench::test {

/// A server that knows GET and SET, and lies if asked to.
///
/// Thread safety: the functions of `Lie` are called on the server's own thread.
class StoreServer {
 public:
  using Words = std::span<const std::string_view>;
  /// Gets a command and the right answer, encoded; returns the answer to give. An empty one hangs
  /// up.
  using Lie = std::function<std::string(Words, std::string)>;

  explicit StoreServer(Lie lie = {}) : lie_(std::move(lie)) {
    thread_ = std::jthread([this] { io_.run(); });
  }
  StoreServer(const StoreServer&) = delete;
  StoreServer& operator=(const StoreServer&) = delete;
  ~StoreServer() {
    io_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

 private:
  std::string answer(Words words) {
    std::string right = right_answer(words);
    return lie_ ? lie_(words, std::move(right)) : right;
  }

  std::string right_answer(Words words) {
    if (words.size() == 3 && words[0] == "SET") {
      values_[std::string(words[1])] = std::string(words[2]);
      return "+OK\r\n";
    }
    if (words.size() == 2 && words[0] == "GET") {
      const auto found = values_.find(std::string(words[1]));
      if (found == values_.end()) return "$-1\r\n";
      return '$' + std::to_string(found->second.size()) + "\r\n" + found->second + "\r\n";
    }
    return "-ERR unknown command\r\n";
  }

  Lie lie_;
  std::map<std::string, std::string> values_;
  boost::asio::io_context io_;
  pkv::test::FakeServer server_{io_, [this](boost::asio::ip::tcp::socket socket) {
                                  return pkv::test::answer_commands(
                                      std::move(socket),
                                      [this](Words words) { return answer(words); });
                                }};
  std::jthread thread_;
};

}  // namespace pkv::bench::test
