#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::cli {

/// Reads lines from a person at a terminal: editing, history across sessions, completion.
///
/// Ctrl-C clears the line, Ctrl-D on an empty one is the end of the input.
///
/// Thread safety: none.
/// Lifetime: one at a time; standard input and output must stay the terminal.
/// Errors: a history file that cannot be read or written is done without.
class LineEditor {
 public:
  /// The ways to complete a word.
  using Complete = std::function<std::vector<std::string>(std::string_view begun)>;

  /// `history_file` may be empty: then nothing is kept. `complete` is asked for the first word.
  LineEditor(std::string prompt, std::string history_file, Complete complete);
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  ~LineEditor();

  /// The next line without its end; nothing at the end of the input.
  [[nodiscard]] std::optional<std::string> read_line();

 private:
  struct Terminal;
  std::unique_ptr<Terminal> terminal_;
};

}  // namespace pkv::cli
