#pragma once

#include "pkv/errc.hpp"

#include "base/byte_buffer.hpp"
#include "base/endian.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pkv::wire {

enum class ReplyKind : std::uint8_t { ok = 1, nil = 2, integer = 3, value = 4, error = 5 };

/// A worker's answer to one operation. Workers know nothing of the clients' protocol: the
/// coordinator turns these into what the client speaks.
struct WireReply {
  ReplyKind kind = ReplyKind::ok;
  std::int64_t integer = 0;  ///< For ReplyKind::integer.
  errc error{};              ///< For ReplyKind::error.
  std::string_view value;    ///< For ReplyKind::value; lives as long as the frame.

  friend bool operator==(const WireReply&, const WireReply&) = default;
};

/// Bytes that a reply adds to its payload in a frame: kind (1), reserved (3), payload bytes (4).
inline constexpr std::size_t reply_overhead_bytes = 8;

inline char* begin_reply(ByteBuffer& to, ReplyKind kind, std::uint32_t payload_bytes) {
  char* at = to.extend(reply_overhead_bytes + payload_bytes);
  at = store(at, static_cast<std::uint32_t>(kind));
  return store(at, payload_bytes);
}

inline void append_ok(ByteBuffer& to) {
  begin_reply(to, ReplyKind::ok, 0);
}
inline void append_nil(ByteBuffer& to) {
  begin_reply(to, ReplyKind::nil, 0);
}
inline void append_integer(ByteBuffer& to, std::int64_t value) {
  store(begin_reply(to, ReplyKind::integer, sizeof value), value);
}
inline void append_error(ByteBuffer& to, errc error) {
  store(begin_reply(to, ReplyKind::error, sizeof(std::uint32_t)),
        static_cast<std::uint32_t>(error));
}
/// Requires: value is shorter than 2^32 bytes.
inline void append_value(ByteBuffer& to, std::string_view value) {
  char* at = begin_reply(to, ReplyKind::value, static_cast<std::uint32_t>(value.size()));
  if (!value.empty()) std::memcpy(at, value.data(), value.size());
}
/// The head of a value that does not follow here. Requires: as append_value().
inline void append_value_head(ByteBuffer& to, std::size_t value_bytes) {
  char* at = to.extend(reply_overhead_bytes);
  at = store(at, static_cast<std::uint32_t>(ReplyKind::value));
  store(at, static_cast<std::uint32_t>(value_bytes));
}
/// Makes everything behind the head of the reply that starts at `reply_at` its value: for values
/// whose length is known last. Requires: begin_reply() has been called there, and what follows is
/// shorter than 2^32 bytes.
inline void finish_value(ByteBuffer& to, std::size_t reply_at) noexcept {
  char* const at = store(to.data() + reply_at, static_cast<std::uint32_t>(ReplyKind::value));
  store(at, static_cast<std::uint32_t>(to.size() - reply_at - reply_overhead_bytes));
}

/// Walks the replies of a reply frame's body. As OperationReader.
class ReplyReader {
 public:
  ReplyReader(std::string_view body, std::uint32_t count) noexcept : rest_(body), left_(count) {}

  /// Inline: it is called for every reply, in one loop.
  [[nodiscard]] bool next(WireReply& reply) noexcept {
    if (left_ == 0 || rest_.size() < reply_overhead_bytes) return false;
    const char* from = rest_.data();
    const auto kind = load<std::uint32_t>(from);
    const std::size_t payload_bytes = load<std::uint32_t>(from + 4);
    if (payload_bytes > rest_.size() - reply_overhead_bytes) return false;
    const std::string_view payload(from + reply_overhead_bytes, payload_bytes);

    reply = WireReply{};
    switch (kind) {
      case static_cast<std::uint32_t>(ReplyKind::ok):
      case static_cast<std::uint32_t>(ReplyKind::nil):
        if (!payload.empty()) return false;
        break;
      case static_cast<std::uint32_t>(ReplyKind::integer):
        if (payload.size() != sizeof reply.integer) return false;
        reply.integer = load<std::int64_t>(payload.data());
        break;
      case static_cast<std::uint32_t>(ReplyKind::error):
        if (payload.size() != sizeof(std::uint32_t)) return false;
        reply.error = static_cast<errc>(load<std::uint32_t>(payload.data()));
        break;
      case static_cast<std::uint32_t>(ReplyKind::value):
        reply.value = payload;
        break;
      default:
        return false;
    }
    reply.kind = static_cast<ReplyKind>(kind);
    rest_.remove_prefix(reply_overhead_bytes + payload_bytes);
    --left_;
    return true;
  }
  [[nodiscard]] bool complete() const noexcept { return left_ == 0 && rest_.empty(); }

 private:
  std::string_view rest_;
  std::uint32_t left_;
};

}  // namespace pkv::wire
