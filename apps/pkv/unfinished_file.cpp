#include "unfinished_file.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace pkv::cli {
namespace {

constexpr mode_t usual_mode = 0666;

mode_t masked(mode_t mode) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return mode & ~mask;
}

}  // namespace

UnfinishedFile::~UnfinishedFile() {
  if (!temporary_path_.empty()) ::unlink(temporary_path_.c_str());
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string UnfinishedFile::folder() const {
  const std::size_t slash = path_.rfind('/');
  return slash == std::string::npos ? "./" : path_.substr(0, slash + 1);
}

int UnfinishedFile::open() {
  descriptor_ = ::open(folder().c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, usual_mode);
  if (descriptor_ >= 0) return 0;
  // EISDIR is how kernels without such files understand the flags.
  if (errno != EOPNOTSUPP && errno != EISDIR) return errno;
  std::string name = folder() + ".pkv-get-XXXXXX";
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) return errno;
  temporary_path_ = std::move(name);
  return ::fchmod(descriptor_, masked(usual_mode)) == 0 ? 0 : errno;
}

int UnfinishedFile::finish(bool replace) {
  if (const int error = take_name(replace); error != 0) return error;
  // Where a full disk may show at last.
  return ::close(std::exchange(descriptor_, -1)) == 0 ? 0 : errno;
}

/// A second name for the file, or its first; unlike a changed one it never replaces anything.
int UnfinishedFile::name_it(const std::string& path) const {
  if (!temporary_path_.empty()) {
    return ::link(temporary_path_.c_str(), path.c_str()) == 0 ? 0 : errno;
  }
  const std::string self = "/proc/self/fd/" + std::to_string(descriptor_);
  const int named = ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW);
  return named == 0 ? 0 : errno;
}

int UnfinishedFile::take_name(bool replace) {
  if (!replace) {
    const int error = name_it(path_);
    const bool knows_no_links = error == EPERM || error == EOPNOTSUPP;
    if (temporary_path_.empty() || !knows_no_links) return error;
  } else if (temporary_path_.empty()) {
    // Only a name can replace another. Nobody else makes one of this process's number.
    std::string name = folder() + ".pkv-get-" + std::to_string(::getpid());
    ::unlink(name.c_str());  // of a process of long ago
    if (const int error = name_it(name); error != 0) return error;
    temporary_path_ = std::move(name);
  }
  if (::rename(temporary_path_.c_str(), path_.c_str()) != 0) return errno;
  temporary_path_.clear();
  return 0;
}

}  // namespace pkv::cli
