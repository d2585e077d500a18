#pragma once

#include "net/wake_up.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace pkv::cli {

/// Lets a coroutine write pieces one after the other with calls that block, while its executor goes
/// on with other things: the writing is done on another thread, a few pieces behind.
///
/// Thread safety: none, for one coroutine on the executor's thread.
/// Lifetime: the destructor drops what has not been written yet, and waits for what is being.
/// Errors: the system's numbers; after the first one nothing is written any more.
class WriteBehind {
 public:
  /// `write` returns 0 or the error's number; it runs on the other thread and must not throw. No
  /// more than `most_bytes` wait to be written, or one piece.
  WriteBehind(boost::asio::any_io_executor executor, std::function<int(std::string_view)> write,
              std::size_t most_bytes);
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;
  ~WriteBehind();

  /// Returns when there was room for the piece; with the error of an earlier one, if there was one.
  boost::asio::awaitable<int> add(std::string piece);

  /// Blocks until everything is written.
  [[nodiscard]] int finish();

 private:
  void run();
  [[nodiscard]] bool has_room(std::size_t bytes) const;

  boost::asio::any_io_executor executor_;
  std::function<int(std::string_view)> write_;
  std::size_t most_bytes_;
  std::shared_ptr<WakeUp> progress_;  // on the executor, where it may be told after our end

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<std::string> pieces_;  // the first is being written
  std::size_t waiting_bytes_ = 0;
  int error_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace pkv::cli
