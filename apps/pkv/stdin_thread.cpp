#include "stdin_thread.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pkv::cli {
namespace {

/// Some thousand commands: enough to share the price of a message, few enough to start soon.
constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

int make_event() {
  const int descriptor = ::eventfd(0, EFD_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return descriptor;
}

}  // namespace

StdinThread::StdinThread(Deliver deliver)
    : deliver_(std::move(deliver)),
      stop_event_(make_event()),
      chunk_(chunk_bytes, '\0'),
      thread_([this] { read_all(); }) {}

StdinThread::~StdinThread() {
  stopping_ = true;
  const std::uint64_t one = 1;
  // Cannot fail: the counter is at 0.
  [[maybe_unused]] const ssize_t written = ::write(stop_event_, &one, sizeof(one));
  room_.release();
  thread_.join();
  ::close(stop_event_);
}

void StdinThread::read_all() {
  for (bool is_last = false; !is_last;) {
    room_.acquire();
    LineBatch batch;
    // Comments and pieces of a long line alone make no batch.
    while (batch.lines.empty() && !batch.is_last) {
      if (stopping_ || !wait_for_input()) return;
      read_some(batch);
    }
    is_last = batch.is_last;
    deliver_(std::move(batch));
  }
}

bool StdinThread::wait_for_input() const {
  pollfd waiting[] = {{STDIN_FILENO, POLLIN, 0}, {stop_event_, POLLIN, 0}};
  while (::poll(waiting, 2, -1) < 0 && errno == EINTR) {
  }
  return waiting[1].revents == 0;
}

void StdinThread::read_some(LineBatch& batch) {
  const ssize_t received = ::read(STDIN_FILENO, chunk_.data(), chunk_.size());
  if (received > 0) {
    const auto bytes = std::string_view(chunk_).substr(0, static_cast<std::size_t>(received));
    batch.is_last = !lines_.split(bytes, adding_to(batch));
  } else if (received == 0) {
    batch.is_last = true;
    lines_.finish(adding_to(batch));
  } else if (errno != EINTR && errno != EAGAIN) {
    batch.is_last = true;
    batch.read_error = std::strerror(errno);
  }
}

InputLines::OnLine StdinThread::adding_to(LineBatch& batch) {
  return [this, &batch](std::string_view line, bool too_long) {
    if (!too_long) return parser_.add(line, batch);
    LineParser::add_too_long(batch);
    return true;
  };
}

}  // namespace pkv::cli
