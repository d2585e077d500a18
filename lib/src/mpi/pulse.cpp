#include "mpi/pulse.hpp"

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <pthread.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace pkv::mpi {

Pulse::Pulse() noexcept
    : thread_(gettid()), has_cpu_clock_(pthread_getcpuclockid(pthread_self(), &cpu_clock_) == 0) {}

std::uint64_t Pulse::look() noexcept {
  const std::uint64_t turns = turns_.load(std::memory_order_relaxed);
  const bool turned = std::exchange(turns_seen_, turns) != turns;
  const bool computed = used_cpu();
  if (turned || computed || !sleeps()) ++got_on_;
  return got_on_;
}

bool Pulse::used_cpu() noexcept {
  timespec used{};
  if (!has_cpu_clock_ || clock_gettime(cpu_clock_, &used) != 0) return false;
  const timespec before = std::exchange(cpu_seen_, used);
  return used.tv_sec != before.tv_sec || used.tv_nsec != before.tv_nsec;
}

/// Not if that cannot be found out.
bool Pulse::sleeps() const noexcept {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/task/%d/stat", static_cast<int>(thread_));
  const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  std::array<char, 256> text{};
  const ssize_t bytes = read(file, text.data(), text.size());
  close(file);
  if (bytes <= 0) return false;
  // "123 (name) S ...", where a name may hold anything.
  const std::string_view line(text.data(), static_cast<std::size_t>(bytes));
  const std::size_t name_end = line.rfind(") ");
  if (name_end == std::string_view::npos || name_end + 2 >= line.size()) return false;
  const char state = line[name_end + 2];
  return state == 'S' || state == 'T' || state == 't';
}

}  // namespace pkv::mpi
