#pragma once

#include "integration/several_hosts/job.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <vector>

namespace pkv::test {

/// A client that writes rising numbers to its keys, one after the other and again, and notes what
/// was acknowledged.
///
/// Errors: what goes wrong is in error(), and ends the writing.
class Writer {
 public:
  explicit Writer(const Job& job) : job_(job), numbers_(key_count, 0) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  [[nodiscard]] static std::string key(std::size_t index) {
    return "written:" + std::to_string(index);
  }

  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }

  /// The keys whose value is not what was acknowledged last. Ends the writing.
  [[nodiscard]] std::vector<std::string> lost() {
    thread_ = {};
    std::vector<std::string> lost;
    Connection connection = job_.connect();
    for (std::size_t i = 0; i < key_count; ++i) {
      const Reply reply = connection.ask("GET", key(i));
      const std::string expected = std::to_string(numbers_[i]);
      const bool as_written = numbers_[i] == 0 ? reply.is_nil() : reply == Reply::bulk(expected);
      if (!as_written) lost.push_back(key(i) + ": " + to_text(reply) + ", not " + expected);
    }
    return lost;
  }

  /// What went wrong, after lost().
  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  /// The longest time that an answer took.
  [[nodiscard]] std::chrono::milliseconds longest_pause() const noexcept { return longest_pause_; }

  static constexpr std::size_t key_count = 300;

 private:
  using Clock = std::chrono::steady_clock;

  void run(const std::stop_token& stop) noexcept {
    try {
      Connection connection = job_.connect();
      for (std::uint64_t number = 1; !stop.stop_requested(); ++number) {
        const std::size_t index = number % key_count;
        const auto begin = Clock::now();
        const Reply reply = connection.ask("SET", key(index), std::to_string(number));
        const auto pause = std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - begin);
        longest_pause_ = std::max(longest_pause_, pause);
        if (reply != Reply::status("OK")) throw std::runtime_error(to_text(reply));
        numbers_[index] = number;
        ++acknowledged_;
      }
    } catch (const std::exception& error) {
      error_ = error.what();
    }
  }

  const Job& job_;
  std::vector<std::uint64_t> numbers_;  // by key: what was acknowledged last
  std::atomic<std::uint64_t> acknowledged_{0};
  std::chrono::milliseconds longest_pause_{0};
  std::string error_;
  std::jthread thread_;
};

}  // namespace pkv::test
