#pragma once

#include <chrono>
#include <filesystem>

namespace pkv {

/// Keeps other processes away from what a file stands for, until it is destroyed or the process
/// ends in whatever way (flock).
///
/// The file is made if it is missing, and stays: were it removed, two could each lock a file of
/// that name.
///
/// Thread safety: none. Lifetime: the lock is the object's.
/// Errors: the constructor throws std::system_error: resource_unavailable_try_again if another
/// holds the lock for longer than `patience`, anything else if the file cannot be opened.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& path, std::chrono::milliseconds patience = {});
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  int descriptor_ = -1;
};

}  // namespace pkv
