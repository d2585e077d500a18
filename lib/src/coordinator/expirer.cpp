#include "coordinator/expirer.hpp"

#include <algorithm>

namespace pkv {

std::optional<Expirer::Clock::time_point> Expirer::next_step() const noexcept {
  if (unanswered_ > 0 || earliest_ == never) return std::nullopt;
  // A far time is not trusted to the clock that it is told by: it is looked at again and again.
  constexpr std::chrono::milliseconds longest_wait{10'000};
  const std::chrono::milliseconds left(earliest_ - coordinator_.order_time());
  const auto due = coordinator_.now() + std::clamp(left, {}, longest_wait);
  return std::max(due, rests_until_);
}

void Expirer::step() {
  if (unanswered_ > 0 || !has_expired(earliest_, coordinator_.order_time())) return;
  if (coordinator_.now() < rests_until_) return;
  asked_at_ = coordinator_.order_time();
  earliest_ = never;
  rests_until_ = coordinator_.now() + longest_pause;
  wire::Operation removal;
  removal.opcode = wire::Opcode::remove_expired;
  coordinator_.begin_command();
  for (std::size_t worker = 0; worker < coordinator_.worker_count(); ++worker) {
    if (!coordinator_.placement().lives(static_cast<WorkerIndex>(worker))) continue;
    ++unanswered_;
    coordinator_.append_to(worker, removal, {this, 0, 0});
  }
}

void Expirer::on_reply(std::uint32_t, std::uint32_t, const wire::WireReply& reply,
                       const SharedFrame&) {
  --unanswered_;
  if (reply.kind != wire::ReplyKind::integer) {
    note(asked_at_);  // it may still hold what was due
    return;
  }
  if (reply.integer == never) return;
  note(reply.integer);
  if (has_expired(reply.integer, asked_at_)) rests_until_ = coordinator_.now() + shortest_pause;
}

}  // namespace pkv
