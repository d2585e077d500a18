#include "pkv_server/port_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace pkv::server {

PortFile::PortFile(std::string path, std::uint16_t port) : path_(std::move(path)) {
  if (path_.empty()) return;
  // Beside the final one: a rename is atomic only within a file system.
  const std::string unfinished = path_ + "." + std::to_string(getpid());
  std::ofstream file(unfinished);
  file << port << '\n';
  file.close();
  if (!file || std::rename(unfinished.c_str(), path_.c_str()) != 0) {
    const int why = errno;
    std::remove(unfinished.c_str());
    throw std::runtime_error("cannot write the port file " + path_ + ": " + std::strerror(why));
  }
}

void PortFile::remove() noexcept {
  if (path_.empty()) return;
  unlink(path_.c_str());
  path_.clear();
}

}  // namespace pkv::server
