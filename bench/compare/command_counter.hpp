#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace pkv::compare {

/// Counts the commands in a stream of RESP arrays of bulk strings, however the stream is cut, by
/// walking from length to length: the words themselves are stepped over unseen.
///
///     *2\r\n $3\r\n GET\r\n $5\r\n color\r\n
///     ^      ^      ......  ^      ........   only the length lines are read
///
/// Thread safety: none.
class CommandCounter {
 public:
  /// The number of commands that end in `input`, which follows what earlier calls have seen.
  /// Nothing if this is no such stream; the counter is of no use then.
  [[nodiscard]] std::optional<std::size_t> count(std::string_view input);

 private:
  [[nodiscard]] bool read_length_byte(char byte);
  [[nodiscard]] bool end_length();

  char kind_ = 0;            // of the length line under way: '*', '$', or 0 before its first byte
  std::size_t length_ = 0;   // its number so far
  std::size_t words_ = 0;    // of the command under way that have not begun
  std::size_t skipped_ = 0;  // bytes still to come of the word under way, line end included
  std::size_t complete_ = 0;
};

}  // namespace pkv::compare
