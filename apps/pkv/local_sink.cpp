#include "local_sink.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace pkv::cli {
namespace {

constexpr std::size_t most_bytes_behind = std::size_t{4} << 20;
constexpr std::size_t hole_bytes = std::size_t{64} << 10;

[[noreturn]] void cannot_write(const std::string& path, int error) {
  throw std::runtime_error("cannot write " + path + ": " + std::strerror(error));
}

std::string is_there_already(const std::string& path) {
  return path + " is there already; --force replaces it";
}

bool is_zero(std::string_view bytes) {
  return bytes.front() == '\0' &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

timespec to_timespec(std::int64_t ns) {
  constexpr std::int64_t second = 1'000'000'000;
  std::int64_t seconds = ns / second;
  std::int64_t rest = ns % second;
  if (rest < 0) {
    rest += second;
    --seconds;
  }
  return {static_cast<time_t>(seconds), static_cast<long>(rest)};
}

}  // namespace

LocalSink::LocalSink(boost::asio::any_io_executor executor, const std::string& path, bool replace,
                     const std::string& name)
    : path_(path == "-" ? "standard output" : path),
      replace_(replace),
      descriptor_(STDOUT_FILENO),
      progress_(name, std::nullopt),
      writing_(
          std::move(executor),
          [this](std::string_view bytes) {
            return file_ ? write_with_holes(bytes) : write_all(bytes);
          },
          most_bytes_behind) {
  if (path == "-") return;
  struct stat status {};
  const bool exists = ::stat(path_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) cannot_write(path_, EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) cannot_write(path_, errno);
    return;
  }
  if (exists && !replace_) throw std::runtime_error(is_there_already(path_));
  file_.emplace(path_);
  if (const int error = file_->open(); error != 0) cannot_write(path_, error);
  descriptor_ = file_->descriptor();
}

LocalSink::~LocalSink() {
  if (!file_ && descriptor_ != STDOUT_FILENO) ::close(descriptor_);
}

FileError LocalSink::failure(int error) {
  reader_has_left_ = error == EPIPE;
  return {FileFault::local, "cannot write " + path_ + ": " + std::strerror(error)};
}

FileResult<void> LocalSink::start(const FileInfo&, std::uint64_t bytes) {
  progress_.restart(bytes);
  if (taken_bytes_ == 0) return {};
  if (!file_) {
    return FileError(FileFault::replaced,
                     "it was replaced while it was read, after some of it had been written");
  }
  if (const int error = writing_.finish(); error != 0) return failure(error);
  if (::ftruncate(descriptor_, 0) != 0 || ::lseek(descriptor_, 0, SEEK_SET) != 0) {
    return failure(errno);
  }
  taken_bytes_ = 0;
  return {};
}

boost::asio::awaitable<FileResult<void>> LocalSink::write(std::string bytes) {
  const std::size_t count = bytes.size();
  const int error = co_await writing_.add(std::move(bytes));
  if (error != 0) co_return failure(error);
  taken_bytes_ += count;
  progress_.add(count);
  co_return FileResult<void>();
}

int LocalSink::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // somebody who shares the descriptor made it non-blocking
      pollfd writable{descriptor_, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

int LocalSink::write_with_holes(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, hole_bytes);
    bytes.remove_prefix(piece.size());
    if (piece.size() == hole_bytes && is_zero(piece)) {
      if (::lseek(descriptor_, static_cast<off_t>(hole_bytes), SEEK_CUR) < 0) return errno;
    } else if (const int error = write_all(piece); error != 0) {
      return error;
    }
  }
  return 0;
}

FileResult<void> LocalSink::finish(const FileInfo& file) {
  if (const int error = writing_.finish(); error != 0) return failure(error);
  if (!file_) return {};
  if (::ftruncate(descriptor_, static_cast<off_t>(taken_bytes_)) != 0) return failure(errno);
  const timespec times[] = {{0, UTIME_NOW}, to_timespec(file.modified_ns)};
  ::futimens(descriptor_, times);
  const int error = file_->finish(replace_);
  if (error == EEXIST) return FileError(FileFault::local, is_there_already(path_));
  if (error != 0) return failure(error);
  return {};
}

}  // namespace pkv::cli
