#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace pkv::test {

/// What became of a program.
struct Outcome {
  int exit_status = -1;  ///< -1 if it did not exit by itself.
  std::string output;
  std::string errors;
};

/// Runs a program (its path, then its arguments) with `input` as standard input, to its end. Throws
/// std::runtime_error if that takes longer than a minute.
[[nodiscard]] Outcome run_program(const std::vector<std::string>& words,
                                  std::string_view input = {});

/// A program at a terminal of its own, as a person would use it.
///
/// Errors: std::runtime_error from anything that takes longer than a minute.
class TerminalProgram {
 public:
  explicit TerminalProgram(const std::vector<std::string>& words);
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;
  ~TerminalProgram();

  void type(std::string_view keys);

  /// Waits until the screen has shown `text` since the last call; returns all since then, `text`
  /// included.
  std::string wait_for(std::string_view text);

  /// Waits for the end; returns the exit status, -1 if a signal ended it.
  int wait_for_exit();

 private:
  bool read_some();

  int terminal_ = -1;
  pid_t process_ = -1;
  std::string shown_;  // and not yet returned
};

}  // namespace pkv::test
