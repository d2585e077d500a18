#pragma once

#include "input_lines.hpp"
#include "line_batch.hpp"

#include <atomic>
#include <functional>
#include <semaphore>
#include <thread>

namespace pkv::cli {

/// Reads standard input on a thread of its own and makes batches of commands of it.
///
/// A thread, because only a blocking read works for whatever standard input may be: epoll refuses
/// files, and non-blocking mode would be seen by every process that shares the descriptor. It also
/// takes the work of parsing off the thread that talks to the server.
///
/// Thread safety: `deliver` is called on the thread; the rest belongs to the owner's thread.
/// Lifetime: the destructor ends the thread, even while it waits for input.
class StdinThread {
 public:
  using Deliver = std::function<void(LineBatch)>;

  /// Starts to read. `deliver` gets every batch that holds something, and one that is the last.
  explicit StdinThread(Deliver deliver);
  StdinThread(const StdinThread&) = delete;
  StdinThread& operator=(const StdinThread&) = delete;
  ~StdinThread();

  /// A batch has been dealt with. No more than a few are read ahead.
  void batch_done() { room_.release(); }

 private:
  void read_all();
  /// Fills the batch with what there is to read; marks it as the last if that is all.
  void read_some(LineBatch& batch);
  [[nodiscard]] InputLines::OnLine adding_to(LineBatch& batch);
  /// Returns false if the thread has to end instead.
  [[nodiscard]] bool wait_for_input() const;

  static constexpr std::ptrdiff_t batches_ahead = 4;

  Deliver deliver_;
  int stop_event_;
  std::atomic<bool> stopping_ = false;
  std::counting_semaphore<> room_{batches_ahead};
  std::string chunk_;
  InputLines lines_{longest_line_bytes};
  LineParser parser_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace pkv::cli
