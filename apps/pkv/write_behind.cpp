#include "write_behind.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace pkv::cli {

WriteBehind::WriteBehind(boost::asio::any_io_executor executor,
                         std::function<int(std::string_view)> write, std::size_t most_bytes)
    : executor_(executor),
      write_(std::move(write)),
      most_bytes_(most_bytes),
      progress_(std::make_shared<WakeUp>(std::move(executor))),
      thread_([this] { run(); }) {}

WriteBehind::~WriteBehind() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool WriteBehind::has_room(std::size_t bytes) const {
  return pieces_.empty() || waiting_bytes_ + bytes <= most_bytes_ || error_ != 0;
}

boost::asio::awaitable<int> WriteBehind::add(std::string piece) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (error_ != 0) co_return error_;
      if (has_room(piece.size())) {
        waiting_bytes_ += piece.size();
        pieces_.push_back(std::move(piece));
        break;
      }
    }
    co_await progress_->wait();
  }
  changed_.notify_all();
  co_return 0;
}

int WriteBehind::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return pieces_.empty(); });
  return error_;
}

void WriteBehind::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !pieces_.empty(); });
    if (stopping_) return;
    const std::string& piece = pieces_.front();
    int error = error_;
    lock.unlock();
    if (error == 0) error = write_(piece);
    lock.lock();
    error_ = error;
    waiting_bytes_ -= pieces_.front().size();
    pieces_.pop_front();
    if (pieces_.empty()) changed_.notify_all();
    boost::asio::post(executor_, [progress = progress_] { progress->wake(); });
  }
}

}  // namespace pkv::cli
