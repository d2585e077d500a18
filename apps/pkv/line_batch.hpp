#pragma once

#include "pkv/pipeline.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pkv::cli {

/// What has to be known of a line when its answer is printed.
struct Line {
  bool sent;         ///< False: the line is no command, and `text` says why.
  std::string text;  ///< Of a command: its first argument, which error messages name.
};

/// Lines that were read together, made into commands.
struct LineBatch {
  Pipeline commands;
  std::vector<Line> lines;  ///< Those that get an answer, in order.
  std::string read_error;   ///< Why the input ended, unless with its end or DONE.
  bool is_last = false;
};

/// Makes commands of lines.
///
/// Thread safety: none.
class LineParser {
 public:
  /// Adds a line to the batch. Returns false if the session ends with it: DONE, or QUIT, which the
  /// server answers before it hangs up.
  [[nodiscard]] bool add(std::string_view line, LineBatch& batch);

  /// Adds a line that is longer than the client takes.
  static void add_too_long(LineBatch& batch);

 private:
  std::vector<std::string_view> words_;
  std::string unquoted_;
};

/// Whether two words are the same but for the case of ASCII letters.
[[nodiscard]] bool same_word(std::string_view left, std::string_view right) noexcept;

/// A command and its value are as large as any line has to be.
inline constexpr std::size_t longest_line_bytes = std::size_t{1} << 30;

inline constexpr std::string_view unbalanced_quotes =
    "a quote is not closed, or not followed by a blank";

}  // namespace pkv::cli
