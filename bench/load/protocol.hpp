#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pkv::bench {

/// How the server is talked to.
enum class Protocol {
  resp,       ///< RESP2: pkv, Redis, proxies before them.
  memcached,  ///< The text protocol of memcached: get and set.
};

[[nodiscard]] constexpr std::string_view name_of(Protocol protocol) noexcept {
  return protocol == Protocol::resp ? "RESP" : "memcached's text protocol";
}

/// One answer, where it stands in the receive buffer.
struct Answer {
  enum class Type {
    done,     ///< The write took place.
    value,    ///< `text` is the value.
    missing,  ///< There is no such key.
    list,     ///< `text` is all of the encoded array.
    error,    ///< `text` is what the server says.
    other,    ///< Something else, well formed: a number, or a status that is no success.
  };
  Type type = Type::other;
  std::string_view text;
};

/// What scan_answer made of the bytes it was shown.
struct ScanResult {
  enum class Status { complete, need_more, broken };
  Status status = Status::need_more;
  /// With `complete`: the length of the answer. With `need_more`: bytes that are missing at least.
  std::size_t bytes = 0;
  Answer answer;  ///< With `complete`.
};

/// Looks for one answer at the front of `unread`, and leaves it there: the library's ReplyParser
/// makes every value a string of its own, which would be most of what a generator does.
///
/// Keeps no state: call it again with more bytes after `need_more`.
/// Thread safety: reentrant. Errors: `broken` if that is not the protocol, or is absurdly large.
using AnswerScanner = ScanResult (*)(std::string_view unread);

[[nodiscard]] ScanResult scan_resp(std::string_view unread);
[[nodiscard]] ScanResult scan_memcached(std::string_view unread);

[[nodiscard]] constexpr AnswerScanner scanner_of(Protocol protocol) noexcept {
  return protocol == Protocol::resp ? scan_resp : scan_memcached;
}

/// The cursor in the encoded answer to SCAN; empty if it has none.
[[nodiscard]] std::string_view cursor_of(std::string_view list);

/// The beginning of what a server sent, in printable characters, between quotes.
[[nodiscard]] std::string quoted(std::string_view bytes);

}  // namespace pkv::bench
