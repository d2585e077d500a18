#include "mpi/byte_stream.hpp"

#include <cerrno>
#include <cstddef>
#include <sys/socket.h>

namespace pkv::mpi {
namespace {

constexpr std::size_t most_read_bytes = std::size_t{64} << 10;

bool must_wait(int error) noexcept {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

ReadResult read_available(int descriptor, std::string& bytes) {
  bytes.resize(most_read_bytes);
  const ssize_t got = recv(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT);
  const int error = errno;
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  if (got > 0) return ReadResult::some;
  return got < 0 && must_wait(error) ? ReadResult::nothing : ReadResult::end;
}

bool write_available(int descriptor, std::string& bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return must_wait(errno);
    bytes.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace pkv::mpi
