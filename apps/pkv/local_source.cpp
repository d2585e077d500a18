#include "local_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace pkv::cli {
namespace {

[[noreturn]] void cannot_read(const std::string& path, int error) {
  throw std::runtime_error("cannot read " + path + ": " + std::strerror(error));
}

int open_source(const std::string& path) {
  if (path == "-") return STDIN_FILENO;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) cannot_read(path, errno);
  return descriptor;
}

struct ReadOutcome {
  ssize_t bytes = 0;
  int error = 0;
};

ReadOutcome read_some(int descriptor, std::span<char> room) {
  for (;;) {
    const ssize_t bytes = ::read(descriptor, room.data(), room.size());
    if (bytes >= 0) return {bytes, 0};
    if (errno == EAGAIN) {  // somebody who shares the descriptor made it non-blocking
      pollfd readable{descriptor, POLLIN, 0};
      ::poll(&readable, 1, -1);
    } else if (errno != EINTR) {
      return {-1, errno};
    }
  }
}

}  // namespace

LocalSource::LocalSource(boost::asio::any_io_executor executor, const std::string& path,
                         const std::string& name)
    : path_(path == "-" ? "standard input" : path),
      descriptor_(open_source(path)),
      work_(std::move(executor)) {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) cannot_read(path_, errno);
  if (S_ISDIR(status.st_mode)) cannot_read(path_, EISDIR);
  if (S_ISREG(status.st_mode)) {
    const off_t position = ::lseek(descriptor_, 0, SEEK_CUR);  // of standard input: anywhere
    // Files of the kernel's say 0 and have content all the same.
    if (status.st_size > 0) {
      size_bytes_ = static_cast<std::uint64_t>(std::max<off_t>(0, status.st_size - position));
    }
    modified_ns_ =
        std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + std::int64_t{status.st_mtim.tv_nsec};
  }
  progress_.emplace(name, size_bytes_);
}

LocalSource::~LocalSource() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

boost::asio::awaitable<FileResult<std::size_t>> LocalSource::read(std::span<char> room) {
  if (size_bytes_) {
    room = room.first(std::min<std::uint64_t>(room.size(), *size_bytes_ - read_bytes_));
    if (room.empty()) co_return std::size_t{0};
  }
  ReadOutcome outcome;
  std::function<void()> work = [&] { outcome = read_some(descriptor_, room); };
  co_await work_.run(std::move(work));
  if (outcome.error != 0) {
    co_return FileError(FileFault::local,
                        "cannot read " + path_ + ": " + std::strerror(outcome.error));
  }
  if (outcome.bytes == 0 && size_bytes_) {
    co_return FileError(FileFault::local, path_ + " became shorter while it was read: it ends at " +
                                              std::to_string(read_bytes_) + " of " +
                                              std::to_string(*size_bytes_) + " bytes");
  }
  const auto bytes = static_cast<std::size_t>(outcome.bytes);
  read_bytes_ += bytes;
  progress_->add(bytes);
  co_return bytes;
}

}  // namespace pkv::cli
