#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pkv::test {

/// Whether there is such a process and it has not ended; one that waits to be reaped has.
[[nodiscard]] bool is_running(pid_t process);

/// The process, its children, their children and so on, parents first.
[[nodiscard]] std::vector<pid_t> process_tree(pid_t root);

/// A variable of the environment that the process was started with; empty if it is not there.
[[nodiscard]] std::string environment_of(pid_t process, const std::string& variable);

/// The name of the program that the process runs, at most 15 characters.
[[nodiscard]] std::string program_of(pid_t process);

/// Looks again and again, every few milliseconds, until `condition` holds (true) or time is up.
[[nodiscard]] bool wait_until(const std::function<bool()>& condition,
                              std::chrono::milliseconds patience);

/// Waits until none of the processes is running. Returns those that still are when time is up.
[[nodiscard]] std::vector<pid_t> wait_until_gone(std::vector<pid_t> processes,
                                                 std::chrono::milliseconds patience);

}  // namespace pkv::test
