#include "value_argument.hpp"

#include "pkv/limits.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace pkv::cli {
namespace {

[[noreturn]] void fail(const std::string& name, const char* why) {
  throw UsageError("cannot read " + name + ": " + why);
}

std::string read_all(int descriptor, const std::string& name) {
  constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
  std::string bytes;
  for (;;) {
    const std::size_t begin = bytes.size();
    bytes.resize(begin + chunk_bytes);
    const ssize_t received = ::read(descriptor, bytes.data() + begin, chunk_bytes);
    if (received < 0 && errno != EINTR) fail(name, std::strerror(errno));
    bytes.resize(begin + static_cast<std::size_t>(received < 0 ? 0 : received));
    if (received == 0) return bytes;
    if (bytes.size() > largest_max_value_bytes) fail(name, "larger than any value may be");
  }
}

std::string read_file(const std::string& name) {
  const int descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(name, std::strerror(errno));
  try {
    std::string bytes = read_all(descriptor, name);
    ::close(descriptor);
    return bytes;
  } catch (...) {
    ::close(descriptor);
    throw;
  }
}

}  // namespace

std::string value_of(const std::string& argument) {
  if (argument == "-") return read_all(STDIN_FILENO, "standard input");
  if (argument.starts_with("@@")) return argument.substr(1);
  if (argument.starts_with("@")) return read_file(argument.substr(1));
  return argument;
}

}  // namespace pkv::cli
