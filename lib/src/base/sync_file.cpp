#include "base/sync_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

namespace pkv {
namespace {

/// Returns errno.
int sync(const std::filesystem::path& path, int flags) noexcept {
  const int descriptor = open(path.c_str(), flags | O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int error = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  return error;
}

void check(const std::filesystem::path& path, int error) {
  if (error != 0)
    throw std::runtime_error("cannot bring " + path.string() +
                             " to the disk: " + std::strerror(error));
}

}  // namespace

void sync_file(const std::filesystem::path& file) {
  check(file, sync(file, 0));
}

void sync_folder(const std::filesystem::path& folder) {
  const int error = sync(folder, O_DIRECTORY);
  if (error != EINVAL) check(folder, error);
}

}  // namespace pkv
