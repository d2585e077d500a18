#include "net/client/file_lease.hpp"

#include "net/no_throw.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <utility>

namespace pkv {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

struct FileLease::State {
  State(asio::any_io_executor executor, Client& to, FileEntry ours, const FileClientOptions& with)
      : client(to), entry(std::move(ours)), options(with), timer(std::move(executor)) {}

  Client& client;
  FileEntry entry;
  FileClientOptions options;
  asio::steady_timer timer;
  Clock::time_point alive_at = Clock::now();  // when the last answered sign was sent
  bool lost = false;
  bool stopped = false;

  /// Counts as alive from the moment of sending, so that the others' clocks start no earlier.
  static asio::awaitable<FileResult<void>> show(std::shared_ptr<State> self) {
    ++self->entry.beat;
    const Clock::time_point sent = Clock::now();
    FileEntry entry = self->entry;
    const auto shown = co_await update_entry(self->client, std::move(entry));
    if (!shown) co_return shown.error();
    if (!*shown) self->lost = true;
    if (self->lost) co_return lost_error();
    self->alive_at = sent;
    co_return FileResult<void>();
  }

  static asio::awaitable<void> keep_showing(std::shared_ptr<State> self) {
    while (!self->stopped && !self->lost) {
      self->timer.expires_after(self->options.sign_of_life);
      auto [interrupted] = co_await self->timer.async_wait(no_throw);
      if (interrupted || self->stopped) co_return;
      const auto shown = co_await show(self);
      if (!shown) co_return;  // the upload notices by itself
    }
  }

  static FileError lost_error() {
    return {FileFault::lost_upload,
            "another client has resumed this upload, or cleaned it away as interrupted"};
  }
};

FileLease::FileLease(asio::any_io_executor executor, Client& client, FileEntry entry,
                     const FileClientOptions& options)
    : state_(std::make_shared<State>(executor, client, std::move(entry), options)) {
  asio::co_spawn(executor, State::keep_showing(state_), asio::detached);
}

FileLease::~FileLease() {
  state_->stopped = true;
  state_->timer.cancel();
}

const FileEntry& FileLease::entry() const noexcept {
  return state_->entry;
}

asio::awaitable<FileResult<void>> FileLease::hold() {
  if (state_->lost) co_return State::lost_error();
  if (Clock::now() - state_->alive_at < state_->options.sign_of_life * 3 / 2)
    co_return FileResult<void>();
  co_return co_await State::show(state_);
}

asio::awaitable<FileResult<void>> FileLease::confirm() {
  return State::show(state_);
}

}  // namespace pkv
