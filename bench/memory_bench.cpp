// Resident bytes per entry, beside redis-server
//
// What an entry costs in memory: a million entries with 16-byte keys and 64-byte values, in pkv's
// engine and in a redis-server that this program starts, fills over a socket and stops. Counted is
// what the kernel says that the process occupies, after less before.

#include "pkv/memory_engine.hpp"

#include "base/resident_memory.hpp"

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <netinet/in.h>
#include <optional>
#include <signal.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

constexpr std::size_t entry_count = 1'000'000;
constexpr std::size_t commands_per_write = 1'000;
const std::string value(64, 'v');

std::string key_of(std::size_t number) {
  std::string digits = std::to_string(number);
  return std::string(16 - digits.size(), 'k') + digits;
}

double bytes_per_entry(std::uint64_t before, std::uint64_t after) {
  return static_cast<double>(after - before) / static_cast<double>(entry_count);
}

double measure_pkv() {
  const std::uint64_t before = pkv::resident_bytes();
  pkv::MemoryEngine engine;
  for (std::size_t i = 0; i < entry_count; ++i) {
    if (!engine.put(key_of(i), value, i)) throw std::runtime_error("pkv: out of memory");
  }
  return bytes_per_entry(before, pkv::resident_bytes());
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A TCP socket, closed with its owner.
class Socket {
 public:
  Socket() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (descriptor_ < 0) throw std::runtime_error("no socket");
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(descriptor_); }

  [[nodiscard]] bool connect(std::uint16_t port) const {
    const sockaddr_in address = loopback(port);
    return ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  /// Takes a port that was free a moment ago.
  [[nodiscard]] std::uint16_t bind_anywhere() const {
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(descriptor_, generic, length) != 0 ||
        ::getsockname(descriptor_, generic, &length) != 0) {
      throw std::runtime_error("no free port");
    }
    return ntohs(address.sin_port);
  }

  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (written <= 0) throw std::runtime_error("redis-server went away");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  /// Reads that many times "+OK\r\n" and nothing else.
  void expect_ok(std::size_t times) const {
    constexpr std::string_view ok = "+OK\r\n";
    std::array<char, 4'096> chunk;
    for (std::size_t seen = 0; seen < times * ok.size();) {
      const ssize_t received = ::recv(descriptor_, chunk.data(), chunk.size(), 0);
      if (received <= 0) throw std::runtime_error("redis-server went away");
      for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i, ++seen) {
        if (chunk[i] != ok[seen % ok.size()])
          throw std::runtime_error("redis-server refused a SET");
      }
    }
  }

 private:
  int descriptor_;
};

/// A redis-server without persistence on a port of its own; stopped with its owner.
class RedisServer {
 public:
  RedisServer() : port_(Socket().bind_anywhere()) {
    std::string port = std::to_string(port_);
    std::array<const char*, 14> arguments{
        "redis-server", "--port", port.c_str(),  "--bind", "127.0.0.1", "--save",    "",
        "--appendonly", "no",     "--daemonize", "no",     "--logfile", "/dev/null", nullptr};
    const int error = ::posix_spawnp(&process_, arguments[0], nullptr, nullptr,
                                     const_cast<char**>(arguments.data()), environ);
    if (error != 0) process_ = 0;
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() {
    if (!started()) return;
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
  }

  [[nodiscard]] bool started() const { return process_ != 0; }

  void connect(Socket& socket) const {
    for (unsigned attempt = 0; attempt < 500; ++attempt) {
      if (socket.connect(port_)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw std::runtime_error("redis-server does not listen");
  }

  [[nodiscard]] std::uint64_t resident_bytes() const {
    std::ifstream statm("/proc/" + std::to_string(process_) + "/statm");
    std::uint64_t total_pages = 0;
    std::uint64_t resident_pages = 0;
    if (!(statm >> total_pages >> resident_pages))
      throw std::runtime_error("redis-server has died");
    return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }

 private:
  std::uint16_t port_;
  pid_t process_ = 0;
};

std::string set_command(std::size_t number) {
  return "*3\r\n$3\r\nSET\r\n$16\r\n" + key_of(number) + "\r\n$64\r\n" + value + "\r\n";
}

/// Nothing if there is no redis-server on this machine.
std::optional<double> measure_redis() {
  const RedisServer server;
  if (!server.started()) return std::nullopt;
  Socket socket;
  server.connect(socket);
  const std::uint64_t before = server.resident_bytes();
  for (std::size_t first = 0; first < entry_count; first += commands_per_write) {
    std::string commands;
    for (std::size_t i = 0; i < commands_per_write; ++i)
      commands += set_command(first + i);
    socket.write(commands);
    socket.expect_ok(commands_per_write);
  }
  return bytes_per_entry(before, server.resident_bytes());
}

}  // namespace

int main() {
  try {
    const double pkv_bytes = measure_pkv();
    std::printf("pkv:          %6.1f bytes per entry\n", pkv_bytes);
    const std::optional<double> redis_bytes = measure_redis();
    if (!redis_bytes) {
      std::printf("redis-server: not found, nothing to compare with\n");
      return 0;
    }
    std::printf("redis-server: %6.1f bytes per entry\n", *redis_bytes);
    std::printf("ratio:        %6.2f\n", pkv_bytes / *redis_bytes);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "memory_bench: %s\n", failure.what());
    return 1;
  }
}
