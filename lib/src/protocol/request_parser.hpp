#pragma once

#include "pkv/limits.hpp"

#include "protocol/parse_result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pkv {

/// Finds the commands in the byte stream of one client, in place.
///
/// A command is either an array of bulk strings (RESP,
/// https://redis.io/docs/reference/protocol-spec) or a line for people (inline_command.hpp). Show
/// the bytes received and not yet consumed to `next`; each `complete` is one command, and
/// `arguments` are views of those very bytes:
///
///     for (;;) {
///       const ParseResult result = parser.next(unread);
///       if (result.status == ParseStatus::complete) execute(parser.arguments());
///       unread.remove_prefix(result.consumed_bytes);
///       if (result.status != ParseStatus::complete) break;  // receive more, or close on an error
///     }
///
/// Where the stream is cut does not change what is found. An unfinished command is continued, not
/// read again, so that a large one costs time linear in its length; its bytes may meanwhile move to
/// other memory, as only offsets are remembered. Empty lines and empty arrays are skipped.
///
/// Most commands are small and arrive whole: they are read in one go (whole_command.hpp). All else,
/// and every error, is a matter of the part that can be interrupted at any byte.
/// Allocates only when a command has more arguments, or a longer quoted line, than those before.
///
/// Thread safety: none.
/// Lifetime: `arguments` end with the next call, or when the caller changes the bytes.
/// Errors: `next` returns `error`, and then always, until `reset`; `error_text` says why.
class RequestParser {
 public:
  explicit RequestParser(const Limits& limits);

  /// Looks for one command. `unread` begins where the last call's consumed_bytes ended, and
  /// contains at least what it contained then.
  [[nodiscard]] ParseResult next(std::string_view unread);

  /// The command's name and arguments. Requires: the last `next` returned complete.
  [[nodiscard]] std::span<const std::string_view> arguments() const noexcept {
    return {arguments_.data(), argument_count_};
  }

  [[nodiscard]] bool broken() const noexcept { return !error_text_.empty(); }

  /// The text of the error reply that the client gets before it is disconnected, as Redis 7 words
  /// it: "ERR Protocol error: invalid bulk length", say. Empty while not broken.
  [[nodiscard]] std::string_view error_text() const noexcept { return error_text_; }

  /// Back to the state at construction, for another stream.
  void reset();

 private:
  /// What became of a piece of a command. `nothing`: it was an empty line or array.
  enum class Step { done, nothing, starved, failed };

  /// Where an argument lies, counted from the first byte of its command.
  struct Extent {
    std::size_t offset;
    std::size_t bytes;
  };

  // Apart, lest what it needs of the stack burdens next().
  [[nodiscard, gnu::noinline]] ParseResult next_at_leisure(std::string_view unread);
  Step read_inline(std::string_view unread);
  Step read_array(std::string_view unread);
  Step read_array_header(std::string_view unread);
  Step read_bulks(std::string_view unread);
  Step read_unusual_bulk_header(std::string_view unread);
  void begin_command();
  void count_arguments();
  Step starve(std::size_t needed_bytes) noexcept;
  Step fail(std::string_view what);

  std::size_t max_line_bytes_;
  std::size_t max_arguments_;
  std::size_t max_bulk_bytes_;

  // The unread bytes begin within a command, or with a fault: not the place for a quick look.
  bool continuing_ = false;

  // Progress within the command at the front of the unread bytes.
  std::size_t position_ = 0;           // offset of what comes next; everything before is understood
  std::size_t searched_ = 0;           // bytes from position_ on that hold no line end
  std::size_t missing_arguments_ = 0;  // 0 until the array header has been read
  std::size_t bulk_bytes_;             // of the bulk at position_, or bulk_unknown
  std::size_t needed_bytes_ = 0;
  std::vector<Extent> extents_;

  // Never fewer than most_usual_arguments, so that those are written without asking for room.
  std::vector<std::string_view> arguments_;
  std::size_t argument_count_ = 0;
  std::string unquoted_;  // what the quoted words of a line turned into
  std::string error_text_;
};

}  // namespace pkv
