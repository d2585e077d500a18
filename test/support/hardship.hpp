#pragma once

#include "support/connection.hpp"
#include "support/processes.hpp"
#include "support/server_process.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <fstream>
#include <string>
#include <unistd.h>

namespace pkv::test {

/// The memory that the process occupies.
[[nodiscard]] inline std::size_t resident_bytes_of(pid_t process) {
  std::ifstream statistics("/proc/" + std::to_string(process) + "/statm");
  std::size_t all_pages = 0;
  std::size_t resident_pages = 0;
  statistics >> all_pages >> resident_pages;
  return resident_pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// To be called after every hardship: the server answers, and none of its processes has ended.
inline void check_unharmed(const ServerProcess& server) {
  CHECK(still_answers(server.port()));
  for (const pid_t process : server.processes())
    CHECK(is_running(process));
}

}  // namespace pkv::test
