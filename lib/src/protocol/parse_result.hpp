#pragma once

#include <cstddef>

namespace pkv {

/// What a parser made of the bytes it was shown.
enum class ParseStatus {
  complete,   ///< One whole command or reply is there.
  need_more,  ///< The bytes are the beginning of one.
  error,      ///< The bytes can never become one; the stream is of no more use.
};

/// The answer of RequestParser::next and ReplyParser::next.
struct ParseResult {
  ParseStatus status = ParseStatus::need_more;
  /// Bytes at the front of the view that are done with: the next view must begin behind them.
  std::size_t consumed_bytes = 0;
  /// With need_more: bytes that must arrive, beyond those shown, before there can be progress; at
  /// least 1. For a large bulk it tells how much room to make; it comes from the peer, so treat it
  /// as a wish.
  std::size_t needed_bytes = 0;

  friend bool operator==(const ParseResult&, const ParseResult&) = default;
};

}  // namespace pkv
