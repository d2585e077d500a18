#pragma once

#include <filesystem>
#include <string>
#include <sys/mount.h>

namespace pkv::test {

/// A small file system of its own on a folder, if this process may mount one.
class SmallDisk {
 public:
  /// `size` as tmpfs takes it: "2m".
  SmallDisk(const std::filesystem::path& at, const std::string& size) : at_(at) {
    mounted_ = mount("none", at.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) umount2(at_.c_str(), MNT_DETACH);
  }

  [[nodiscard]] bool mounted() const noexcept { return mounted_; }
  [[nodiscard]] bool resize(const std::string& size) const {
    return mount("none", at_.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) == 0;
  }
  [[nodiscard]] bool make_read_only() const {
    return mount("none", at_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }

 private:
  std::filesystem::path at_;
  bool mounted_ = false;
};

}  // namespace pkv::test
