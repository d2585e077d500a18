#pragma once

#include "pkv/command.hpp"

#include "protocol/request_parser.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::test {

using Words = std::vector<std::string>;

/// What a RequestParser found in a stream.
struct Found {
  std::vector<Words> commands;
  std::string error;
  std::size_t unread_bytes = 0;

  friend bool operator==(const Found&, const Found&) = default;
};

/// Shows a stream to a parser as a session does, piece by piece.
///
/// The unread bytes are in a new allocation of their exact size at every call, so that a parser
/// that remembers an address, or reads a byte too far, is caught by the address sanitizer.
class RequestFeed {
 public:
  explicit RequestFeed(const Limits& limits = {}) : parser_(limits) {}

  void receive(std::string_view piece) {
    unread_.append(piece);
    while (!parser_.broken()) {
      const auto moved = std::make_unique<char[]>(unread_.size());
      unread_.copy(moved.get(), unread_.size());
      last_ = parser_.next({moved.get(), unread_.size()});
      if (last_.status == ParseStatus::complete) {
        const auto words = parser_.arguments();
        found_.commands.emplace_back(words.begin(), words.end());
      }
      unread_.erase(0, last_.consumed_bytes);
      if (last_.status != ParseStatus::complete) break;
    }
    found_.error = parser_.error_text();
    found_.unread_bytes = unread_.size();
  }

  [[nodiscard]] const Found& found() const noexcept { return found_; }

  [[nodiscard]] const ParseResult& last_result() const noexcept { return last_; }

 private:
  RequestParser parser_;
  std::string unread_;
  ParseResult last_;
  Found found_;
};

inline Found parse_pieces(const std::vector<std::string_view>& pieces, const Limits& limits = {}) {
  RequestFeed feed(limits);
  for (const std::string_view piece : pieces)
    feed.receive(piece);
  return feed.found();
}

inline Found parse(std::string_view stream, const Limits& limits = {}) {
  return parse_pieces({stream}, limits);
}

inline std::string encoded(const Command& command) {
  std::string bytes;
  append_command(bytes, command);
  return bytes;
}

inline std::string encoded(const Words& words) {
  return encoded(Command(words));
}

}  // namespace pkv::test
