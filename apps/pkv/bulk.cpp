#include "bulk.hpp"

#include "pkv/command_stream.hpp"

#include "line_batch.hpp"
#include "net/wake_up.hpp"
#include "output.hpp"
#include "plain_text.hpp"
#include "stdin_thread.hpp"

#include <boost/asio/post.hpp>

#include <cerrno>
#include <cstring>
#include <deque>
#include <iostream>
#include <optional>
#include <span>

namespace pkv::cli {
namespace {

namespace asio = boost::asio;

/// One run from the first line to the last answer.
///
///     standard input -> StdinThread -> batches_ -> stream_ -> server
///     standard output <- output_ <- lines_ (what the answer belongs to) <- stream_
///
/// Thread safety: all on the client's thread but for the StdinThread, which posts to it.
class Bulk {
 public:
  Bulk(BlockingClient& client, const Options& options)
      : client_(client),
        bytes_(options.escape ? Bytes::escaped : Bytes::raw),
        stream_(client.client(), [this](std::span<Reply> replies) { print(replies); }),
        batch_arrived_(client.executor()),
        input_([this](LineBatch batch) { hand_over(std::move(batch)); }) {}

  ExitStatus run() {
    const result<void> outcome = client_.run(talk());
    output_.flush();
    return conclude(outcome);
  }

 private:
  asio::awaitable<result<void>> talk() {
    for (bool is_last = false; !is_last;) {
      while (batches_.empty())
        co_await batch_arrived_.wait();
      LineBatch batch = std::move(batches_.front());
      batches_.pop_front();
      is_last = batch.is_last;
      read_error_ = batch.read_error;
      for (Line& line : batch.lines)
        lines_.push_back(std::move(line));
      print_refused_lines();
      // With nothing under way nobody else will.
      if (stream_.unanswered() == 0) output_.flush();

      auto sent = co_await stream_.send(std::move(batch.commands));
      if (!sent) co_return sent;
      input_.batch_done();
    }
    co_return co_await stream_.finish();
  }

  /// Called on the thread that reads.
  void hand_over(LineBatch batch) {
    asio::post(client_.executor(), [this, moved = std::move(batch)]() mutable {
      batches_.push_back(std::move(moved));
      batch_arrived_.wake();
    });
  }

  void print(std::span<Reply> replies) {
    for (const Reply& reply : replies) {
      print_refused_lines();
      failed_ = failed_ || reply.is_error();
      answer_.clear();
      append_plain(answer_, reply, bytes_, lines_.front().text);
      answer_ += '\n';
      output_.append(answer_);
      lines_.pop_front();
    }
    print_refused_lines();
    output_.flush();
    // Nobody reads the answers any more: what is not sent yet need not be.
    if (output_.is_closed()) client_.client().close();
  }

  /// Lines that are no commands are answered when their turn comes.
  void print_refused_lines() {
    while (!lines_.empty() && !lines_.front().sent) {
      failed_ = true;
      output_.append("error: " + lines_.front().text + '\n');
      lines_.pop_front();
    }
  }

  [[nodiscard]] ExitStatus conclude(const result<void>& outcome) const {
    if (output_.is_closed()) {
      if (output_.error() != EPIPE) {
        std::cerr << "cannot write the answers: " << std::strerror(output_.error()) << '\n';
      }
      return ExitStatus::command_failed;
    }
    if (!outcome) {
      std::cerr << plain_error(outcome.error()) << "; " << stream_.unanswered()
                << " commands were sent and not answered\n";
      return ExitStatus::connection;
    }
    if (!read_error_.empty()) std::cerr << "cannot read the commands: " << read_error_ << '\n';
    return failed_ || !read_error_.empty() ? ExitStatus::command_failed : ExitStatus::success;
  }

  BlockingClient& client_;
  Bytes bytes_;
  CommandStream stream_;
  Output output_;
  std::string answer_;
  std::deque<LineBatch> batches_;  // read and not sent
  std::deque<Line> lines_;         // sent and not answered
  WakeUp batch_arrived_;
  std::string read_error_;
  bool failed_ = false;
  StdinThread input_;  // last: its thread uses the others
};

}  // namespace

ExitStatus run_bulk(BlockingClient& client, const Options& options) {
  return Bulk(client, options).run();
}

}  // namespace pkv::cli
