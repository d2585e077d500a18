#pragma once

#include "coordinator/shared_frame.hpp"
#include "wire/wire_reply.hpp"

#include <cstdint>

namespace pkv {

/// Whoever has commands under way at the coordinator.
class ReplyReceiver {
 public:
  ReplyReceiver() = default;
  ReplyReceiver(const ReplyReceiver&) = delete;
  ReplyReceiver& operator=(const ReplyReceiver&) = delete;

  /// One operation's answer. `ticket` and `part` are those of the operation's ReplyAddress.
  /// reply.value points into `frame`: keep a copy of `frame` to keep the value.
  virtual void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                        const SharedFrame& frame) = 0;

  /// A worker that had no room, and that this receiver waits for, has room again.
  virtual void on_room() = 0;

 protected:
  ~ReplyReceiver() = default;
};

/// Where the answer to one operation goes.
struct ReplyAddress {
  ReplyReceiver* receiver = nullptr;
  std::uint32_t ticket = 0;  ///< Which of the receiver's commands.
  std::uint32_t part = 0;    ///< Which part of that command.
};

}  // namespace pkv
