#pragma once

#include "support/child_process.hpp"
#include "support/processes.hpp"

#include <chrono>
#include <string>
#include <sys/types.h>

// The processes of a server that outlives its workers.

namespace pkv::test {

/// For what takes milliseconds on a machine that is free.
inline constexpr std::chrono::seconds patience{60};

/// The process that does the work of a rank; 0 if there is none right now.
inline pid_t working(ChildProcess& server, int rank) {
  for (const pid_t process : server.tree())
    if (environment_of(process, "PMI_RANK") == std::to_string(rank) &&
        !environment_of(process, "PKV_EPOCH").empty() && is_running(process))
      return process;
  return 0;
}

/// The process that keeps its place.
inline pid_t keeper(ChildProcess& server, int rank) {
  for (const pid_t process : server.tree())
    if (environment_of(process, "PMI_RANK") == std::to_string(rank) &&
        environment_of(process, "PKV_EPOCH").empty())
      return process;
  return 0;
}

}  // namespace pkv::test
