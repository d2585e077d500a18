// What a conversation makes of answers: its output, in the client's order.

#include "coordinator/conversation.hpp"
#include "coordinator/encode_reply.hpp"
#include "coordinator/time_run.hpp"

#include <algorithm>
#include <utility>

namespace pkv {
namespace {

// How slowly large replies are forgotten: after one of 1 MiB it takes some 450 small ones until the
// client is trusted with as many commands as it likes.
constexpr std::size_t forgetting = 64;

// From here on a write is worth its cost, whatever may follow.
constexpr std::size_t least_worthwhile_write = std::size_t{16} << 10;

}  // namespace

// Small and on every answer's way: inline, so they come before what calls them.

inline void Conversation::note_reply_bytes(std::size_t bytes) noexcept {
  // Rises at once, falls slowly: a client that reads large values is held to few at a time.
  expected_reply_bytes_ =
      std::max(bytes, expected_reply_bytes_ - expected_reply_bytes_ / forgetting);
}

inline void Conversation::hold(std::size_t bytes) {
  // Whoever waits for a slow worker may get much from the others meanwhile: it counts as output.
  held_bytes_ += bytes;
  expected_reply_bytes_ = std::max(expected_reply_bytes_, bytes);
  if (output_.size() + held_bytes_ <= service_.limits.client_output_limit_bytes) return;
  overflowed_ = true;
  urgent_ = true;
  list_as_active();
}

void Conversation::finish(std::uint32_t ticket, std::string encoded) {
  ReplyLine::Entry& entry = replies_[ticket];
  entry.state = ReplyLine::Entry::State::encoded;
  hold(encoded.size());
  entry.encoded = std::move(encoded);
  if (replies_.is_front(ticket)) finish_ready_replies();
  list_as_active();
}

Outcome Conversation::reply(const Reply& reply) {
  std::string encoded;
  append_reply(encoded, reply);
  return reply_encoded(std::move(encoded));
}

Outcome Conversation::reply_status(std::string_view text) {
  return reply(Reply::status(std::string(text)));
}

Outcome Conversation::reply_error(std::string_view text) {
  return reply(Reply::error(std::string(text)));
}

Outcome Conversation::reply_encoded(std::string encoded) {
  if (replies_.empty()) {
    output_.append(encoded);
    TimeRun(service_.coordinator).add(kind_, service_.coordinator.now());
    return Outcome::done;
  }
  ReplyLine::Entry& entry = replies_[replies_.add(kind_, service_.coordinator.now())];
  entry.state = ReplyLine::Entry::State::encoded;
  hold(encoded.size());
  entry.encoded = std::move(encoded);
  return Outcome::done;
}

void Conversation::on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                            const SharedFrame& frame) {
  ReplyLine::Entry& entry = replies_[ticket];
  if (entry.gather != nullptr) {
    hold(reply.value.size());
    if (!entry.gather->add(part, reply, frame)) return;
    entry.state = ReplyLine::Entry::State::gathered;
    if (replies_.is_front(ticket)) finish_ready_replies();
  } else if (replies_.is_front(ticket)) {
    // The usual case: straight from the frame to the output.
    if (!discarding_) encode_reply(output_, reply, frame);
    note_reply_bytes(reply.value.size());
    entry.state = ReplyLine::Entry::State::written;
    finish_ready_replies();
  } else {
    hold(reply.value.size());
    entry.reply = reply;
    if (!reply.value.empty() && !discarding_) entry.frame = frame;
    entry.state = ReplyLine::Entry::State::reply;
  }
  list_as_active();
}

inline void Conversation::write(ReplyLine::Entry& entry) {
  const std::size_t before = output_.size();
  switch (entry.state) {
    case ReplyLine::Entry::State::waiting:
    case ReplyLine::Entry::State::written:
      return;
    case ReplyLine::Entry::State::reply:
      held_bytes_ -= entry.reply.value.size();
      if (!discarding_) encode_reply(output_, entry.reply, entry.frame);
      note_reply_bytes(entry.reply.value.size());
      entry.frame = SharedFrame();
      return;
    case ReplyLine::Entry::State::gathered:
      held_bytes_ -= entry.gather->held_bytes();
      if (!discarding_) entry.gather->write(output_);
      entry.gather.reset();
      break;
    case ReplyLine::Entry::State::encoded:
      held_bytes_ -= entry.encoded.size();
      if (!discarding_) output_.append(entry.encoded);
      entry.encoded.clear();
      break;
  }
  note_reply_bytes(output_.size() - before);
}

/// Ends the commands at the front that are answered.
void Conversation::finish_ready_replies() {
  TimeRun times(service_.coordinator);
  while (!replies_.empty()) {
    ReplyLine::Entry& entry = replies_.front();
    if (entry.state == ReplyLine::Entry::State::waiting) return;
    if (entry.state != ReplyLine::Entry::State::written) write(entry);
    times.add(entry.kind, entry.started);
    replies_.pop_front();
    if (output_.size() > service_.limits.client_output_limit_bytes && !replies_.empty())
      overflowed_ = urgent_ = true;
  }
}

// A client that sends several commands at once gets answers from several workers, a moment apart.
// Written one by one they cost a system call, a segment and a wake-up of the client each.
bool Conversation::can_wait() const noexcept {
  return !replies_.empty() && !urgent_ && !paused_ && output_.size() < least_worthwhile_write &&
         service_.coordinator.now() - listed_since_ < service_.limits.reply_delay;
}

}  // namespace pkv
