#pragma once

#include "support/temporary_folder.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pkv::test {

/// How a program is started.
struct Command {
  /// Path of the program, then its arguments.
  std::vector<std::string> arguments{};
  /// "NAME=value" replaces or adds a variable, "NAME" removes it.
  std::vector<std::string> environment{};
};

/// A running program whose output is kept, and which never outlives this object, nor do the
/// processes that it has started.
///
/// Thread safety: none.
/// Errors: the constructor throws std::runtime_error if the program cannot be started.
class ChildProcess {
 public:
  explicit ChildProcess(const Command& command);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  [[nodiscard]] pid_t process_id() const noexcept { return process_; }
  /// Also remembers processes that it finds, so that the destructor ends them even if they have
  /// lost their parents by then.
  [[nodiscard]] std::vector<pid_t> tree();

  void send_signal(int signal) const;
  /// The exit status, 128 + number if a signal ended it, or nothing if it is still running.
  [[nodiscard]] std::optional<int> exit_status();
  /// Waits for the end. Nothing if time is up.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds patience);

  /// What it has written to standard output and standard error so far.
  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string errors() const;

 private:
  TemporaryFolder folder_;
  pid_t process_ = 0;
  std::vector<pid_t> known_;
  std::optional<int> exit_status_;
};

}  // namespace pkv::test
