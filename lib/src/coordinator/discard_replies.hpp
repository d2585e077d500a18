#pragma once

#include "coordinator/reply_receiver.hpp"

namespace pkv {

/// Receives what nobody waits for.
class DiscardReplies final : public ReplyReceiver {
 public:
  void on_reply(std::uint32_t, std::uint32_t, const wire::WireReply&, const SharedFrame&) override {
  }
  void on_room() override {}
};

/// The address for an operation whose answer does not matter.
[[nodiscard]] inline ReplyAddress discarded_reply() noexcept {
  static DiscardReplies receiver;
  return {&receiver, 0, 0};
}

}  // namespace pkv
