#include "pkv_server/descendants.hpp"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pkv::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr timespec reaping_interval{0, 5'000'000};

/// Takes note of every child that has ended. False if none is left.
bool reap() noexcept {
  pid_t child = 0;
  do
    child = waitpid(-1, nullptr, WNOHANG);
  while (child > 0);
  return child == 0 || errno != ECHILD;
}

void kill_children() noexcept {
  const std::string self = std::to_string(getpid());
  std::ifstream children("/proc/" + self + "/task/" + self + "/children");
  for (pid_t child = 0; children >> child;)
    kill(child, SIGKILL);
}

}  // namespace

void adopt_orphans() noexcept {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void end_descendants(std::chrono::milliseconds patience) noexcept {
  const auto give_up_at = Clock::now() + patience;
  while (reap()) {
    // Level by level: the children of a killed process become children of this one.
    if (Clock::now() >= give_up_at) kill_children();
    nanosleep(&reaping_interval, nullptr);
  }
}

}  // namespace pkv::server
