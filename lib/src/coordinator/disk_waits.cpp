#include "coordinator/disk_waits.hpp"

#include "coordinator/conversation.hpp"
#include "protocol/error_text.hpp"

#include <algorithm>

namespace pkv {

class DiskWaits::Wait final : public ReplyReceiver {
 public:
  Wait(Conversation& client, std::uint32_t ticket, std::size_t nodes,
       std::optional<Clock::time_point> deadline, bool lost_nodes_are_left_out)
      : client_(&client),
        ticket_(ticket),
        missing_(nodes),
        deadline_(deadline),
        lost_nodes_are_left_out_(lost_nodes_are_left_out) {}

  void on_reply(std::uint32_t, std::uint32_t, const wire::WireReply& reply,
                const SharedFrame&) override {
    const bool left_out = lost_nodes_are_left_out_ && reply.error == errc::node_down;
    if (reply.kind == wire::ReplyKind::error && !left_out && !failure_) failure_ = reply.error;
    if (--missing_ > 0 || client_ == nullptr) return;
    if (failure_)
      answer("-" + std::string(error_text::of(*failure_)) + "\r\n");
    else
      answer("+OK\r\n");
  }
  void on_room() override {}

  void expire() { answer("-" + std::string(error_text::not_on_disk_in_time) + "\r\n"); }
  void forget() noexcept { client_ = nullptr; }

  [[nodiscard]] bool is_of(const Conversation& client) const noexcept { return client_ == &client; }
  [[nodiscard]] bool finished() const noexcept { return missing_ == 0; }
  /// Nothing when its client does not wait any more.
  [[nodiscard]] std::optional<Clock::time_point> deadline() const noexcept {
    return client_ != nullptr ? deadline_ : std::nullopt;
  }

 private:
  void answer(std::string encoded) {
    Conversation& client = *client_;
    client_ = nullptr;
    client.finish(ticket_, std::move(encoded));
  }

  Conversation* client_;  // none once it is answered
  std::uint32_t ticket_;
  std::size_t missing_;
  std::optional<Clock::time_point> deadline_;
  bool lost_nodes_are_left_out_;
  std::optional<errc> failure_;
};

void DiskWaits::Delete::operator()(Wait* wait) const noexcept {
  delete wait;
}

ReplyAddress DiskWaits::add(Conversation& client, std::uint32_t ticket, std::size_t nodes,
                            std::optional<Clock::time_point> deadline,
                            bool lost_nodes_are_left_out) {
  std::erase_if(waits_, [](const auto& wait) { return wait->finished(); });
  waits_.emplace_back(new Wait(client, ticket, nodes, deadline, lost_nodes_are_left_out));
  return {waits_.back().get(), 0, 0};
}

void DiskWaits::expire(Clock::time_point now) {
  for (const auto& wait : waits_)
    if (const auto deadline = wait->deadline(); deadline && *deadline <= now) wait->expire();
  std::erase_if(waits_, [](const auto& wait) { return wait->finished(); });
}

std::optional<DiskWaits::Clock::time_point> DiskWaits::next_deadline() const noexcept {
  std::optional<Clock::time_point> next;
  for (const auto& wait : waits_)
    if (const auto deadline = wait->deadline(); deadline && (!next || *deadline < *next))
      next = deadline;
  return next;
}

void DiskWaits::forget(const Conversation& client) noexcept {
  for (const auto& wait : waits_)
    if (wait->is_of(client)) wait->forget();
}

}  // namespace pkv
