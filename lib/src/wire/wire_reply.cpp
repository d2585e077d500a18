#include "wire/wire_reply.hpp"

namespace pkv::wire {

bool ReplyReader::next(WireReply& reply) noexcept {
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

}  // namespace pkv::wire
