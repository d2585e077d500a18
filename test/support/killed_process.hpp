#pragma once

#include <catch2/catch.hpp>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace pkv::test {

/// Does `work`, which calls the function that it is given at every step, in a process of its own
/// that is killed after so many steps. False if it got through.
template <class Work>
[[nodiscard]] bool is_killed_after(int steps, Work work) {
  const pid_t child = fork();
  if (child == 0) {
    work([steps]() mutable {
      if (--steps < 0) kill(getpid(), SIGKILL);
    });
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status);
}

}  // namespace pkv::test
