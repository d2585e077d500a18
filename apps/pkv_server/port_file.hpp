#pragma once

#include <cstdint>
#include <string>

namespace pkv::server {

/// A file that holds the port number, as decimal digits and a newline, while the server is ready.
///
/// It appears with its content, by a rename, so whoever sees it can read it at once. The destructor
/// removes it.
/// Errors: the constructor throws std::runtime_error, in one line, if it cannot be written.
class PortFile {
 public:
  /// An empty path means no file.
  PortFile(std::string path, std::uint16_t port);
  PortFile(const PortFile&) = delete;
  PortFile& operator=(const PortFile&) = delete;
  ~PortFile() { remove(); }

  void remove() noexcept;

 private:
  std::string path_;
};

}  // namespace pkv::server
