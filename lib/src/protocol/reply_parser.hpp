#pragma once

#include "pkv/limits.hpp"
#include "pkv/reply.hpp"

#include "protocol/parse_result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pkv {

/// What a client takes from a server before it calls the stream broken.
struct ReplyLimits {
  std::size_t max_bulk_bytes = largest_max_value_bytes;
  /// Longest text of a status or an error.
  std::size_t max_line_bytes = std::size_t{64} << 10;
  /// Most elements of one array.
  std::size_t max_elements = std::size_t{1} << 24;
  /// Most arrays around a reply.
  std::size_t max_depth = 32;
};

/// Finds the replies in the byte stream that a client receives (RESP2).
///
/// Show the bytes received and not yet consumed to `next`, drop those it consumed, and `take` the
/// reply when it is complete. Unlike RequestParser it consumes what it can of unfinished replies,
/// so the receive buffer may be small: a large bulk goes piece by piece to its final place. Where
/// the stream is cut does not change what is found; the time is linear in the bytes.
///
/// Thread safety: none.
/// Errors: `next` returns `error`, and then always, until `reset`; `error_text` says why, and
/// errc::protocol_error is what to report.
class ReplyParser {
 public:
  explicit ReplyParser(const ReplyLimits& limits = {}) : limits_(limits) {}

  /// Looks for one reply. `unread` begins where the last call's consumed_bytes ended, and contains
  /// at least what it contained then.
  [[nodiscard]] ParseResult next(std::string_view unread);

  /// The reply. Requires: the last `next` returned complete.
  [[nodiscard]] Reply take() { return std::move(value_); }

  [[nodiscard]] bool broken() const noexcept { return !error_text_.empty(); }

  /// What the server did wrong, for people: "bulk of 2147483648 bytes is over the limit", say.
  /// Empty while not broken.
  [[nodiscard]] std::string_view error_text() const noexcept { return error_text_; }

  /// Back to the state at construction, for another stream.
  void reset();

 private:
  /// What became of the next piece. `value`: value_ is one; `header`: an array or bulk began.
  enum class Step { value, header, starved, failed };

  /// An array whose elements are still coming.
  struct OpenArray {
    std::vector<Reply> elements;
    std::size_t missing;
  };

  Step read_piece(std::string_view rest);
  Step read_line(std::string_view rest);
  Step read_number(std::string_view rest);
  Step begin_bulk(std::int64_t bytes);
  Step begin_array(std::int64_t elements);
  Step read_bulk(std::string_view rest);
  bool place_value();
  Step starve(std::size_t needed_bytes) noexcept;
  Step fail(std::string why);

  ReplyLimits limits_;
  std::vector<OpenArray> open_arrays_;
  bool in_bulk_ = false;
  std::size_t missing_bytes_ = 0;  // of the bulk being read, without its line end
  std::string bulk_;               // what has come of it
  std::size_t searched_ = 0;       // bytes of the unfinished line that hold no line end
  std::size_t consumed_ = 0;       // by the last step
  std::size_t needed_bytes_ = 0;
  Reply value_;
  std::string error_text_;
};

}  // namespace pkv
