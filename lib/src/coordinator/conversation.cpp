#include "coordinator/conversation.hpp"

#include "coordinator/commands/handlers.hpp"
#include "coordinator/discard_replies.hpp"
#include "coordinator/encode_reply.hpp"
#include "coordinator/time_run.hpp"
#include "protocol/error_text.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pkv {
namespace {

// What a reply is taken to need before a client's first replies have shown better: few enough that
// a burst of reads of large values does not fill the memory, many enough to keep the workers busy.
constexpr std::size_t first_expected_reply_bytes = std::size_t{64} << 10;

// How slowly large replies are forgotten: after one of 1 MiB it takes some 450 small ones until the
// client is trusted with as many commands as it likes.
constexpr std::size_t forgetting = 64;

// From here on a write is worth its cost, whatever may follow.
constexpr std::size_t least_worthwhile_write = std::size_t{16} << 10;

// A command with one key and one value of the largest size must be possible, whatever the limit on
// the input of all clients.
std::size_t most_command_bytes(const Limits& limits) noexcept {
  constexpr std::size_t syntax_bytes = 1024;
  const std::size_t largest_entry = limits.max_key_bytes + limits.max_value_bytes + syntax_bytes;
  return std::max(limits.total_input_bytes, largest_entry);
}

}  // namespace

Conversation::Conversation(Service& service, ConversationOwner& owner, std::uint64_t id)
    : service_(service),
      owner_(owner),
      id_(id),
      durability_(service.durability),
      parser_(service.limits),
      most_command_bytes_(most_command_bytes(service.limits)),
      expected_reply_bytes_(first_expected_reply_bytes) {}

Conversation::~Conversation() {
  if (abandoned_) return;
  assert(drained() && "answers are still on their way to this conversation");
  service_.coordinator.stop_waiting(*this);
  if (listed_) service_.forget(*this);
}

// Small and on every command's way: inline, so they come before what calls them.

inline bool Conversation::must_pause() const noexcept {
  if (waiting_for_room_) return true;
  if (replies_.empty() && output_.empty()) return false;
  return replies_.size() >= service_.limits.max_client_commands ||
         output_.size() + held_bytes_ + replies_.size() * expected_reply_bytes_ >=
             service_.limits.client_output_pause_bytes;
}

inline std::uint32_t Conversation::begin_command() {
  service_.coordinator.begin_command();
  return replies_.add(kind_, service_.coordinator.now());
}

inline bool Conversation::too_long(const wire::Operation& operation) const noexcept {
  return operation.key.size() > service_.limits.max_key_bytes ||
         operation.value.size() > service_.limits.max_value_bytes;
}

inline void Conversation::list_as_active() {
  if (listed_) return;
  listed_ = true;
  listed_since_ = service_.coordinator.now();
  service_.active.push_back(this);
}

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

Conversation::Progress Conversation::consume() {
  const Progress progress = execute_input();
  paused_ = progress == Progress::paused;
  return progress;
}

Conversation::Progress Conversation::execute_input() {
  missing_bytes_ = 0;
  for (;;) {
    if (closing_) return Progress::closing;
    if (must_pause()) return Progress::paused;
    const ParseResult parsed = parser_.next(input_.unread());
    switch (parsed.status) {
      case ParseStatus::need_more:
        input_.consume(parsed.consumed_bytes);
        if (input_.unread().size() + parsed.needed_bytes > most_command_bytes_) {
          kind_.reset();
          reply_error(error_text::protocol_error("too big command"));
          close_after_replies();
          break;
        }
        missing_bytes_ = input_.unread().empty() ? 0 : parsed.needed_bytes;
        input_.ask_for(parsed.needed_bytes);
        return Progress::need_input;
      case ParseStatus::error:
        kind_.reset();
        reply_error(parser_.error_text());
        close_after_replies();
        break;
      case ParseStatus::complete:
        // A command that finds no room stays in the input and is read again when there is some.
        if (execute(parser_.arguments()) == Outcome::no_room) return Progress::paused;
        input_.consume(parsed.consumed_bytes);
        break;
    }
  }
}

Outcome Conversation::execute(Words words) {
  const CommandInfo* command = find_command(words[0]);
  if (command == nullptr || !command->accepts(words.size())) [[unlikely]]
    return refuse(command, words);
  kind_ = command->kind;
  const Outcome outcome = handler_of(command->kind)(*this, words);
  if (outcome == Outcome::done) ++service_.coordinator.statistics().commands;
  return outcome;
}

Outcome Conversation::refuse(const CommandInfo* command, Words words) {
  kind_.reset();
  if (command == nullptr) return reply_error(error_text::unknown_command(words));
  return reply_error(error_text::wrong_arity(command->name));
}

bool Conversation::ready_to_continue() const noexcept {
  return !must_pause();
}

Outcome Conversation::wait_for_room(std::size_t worker) {
  waiting_for_room_ = true;
  service_.coordinator.wait_for_room(worker, *this);
  return Outcome::no_room;
}

void Conversation::on_room() {
  waiting_for_room_ = false;
  urgent_ = true;
  list_as_active();
}

/// Answers an operation that is too long.
Outcome Conversation::refuse(const wire::Operation& operation) {
  const bool key = operation.key.size() > service_.limits.max_key_bytes;
  return reply_error(error_text::of(key ? errc::key_too_long : errc::value_too_long));
}

inline wire::Operation Conversation::marked(wire::Operation operation) const noexcept {
  if (wire::writes(operation.opcode)) operation.flags |= write_flags_;
  return operation;
}

Outcome Conversation::forward(const wire::Operation& operation) {
  if (write_flags_ != 0) [[unlikely]]
    return order(marked(operation));
  return order(operation);
}

inline Outcome Conversation::order(const wire::Operation& operation) {
  Coordinator& coordinator = service_.coordinator;
  if (too_long(operation)) return refuse(operation);
  const Coordinator::Way way = coordinator.way_of(operation);
  if (const auto full = coordinator.full_worker(way)) return wait_for_room(*full);
  coordinator.append(way, operation, {this, begin_command(), 0});
  return Outcome::done;
}

Outcome Conversation::forward_all(std::span<const wire::Operation> operations,
                                  std::unique_ptr<Gather> gather) {
  Coordinator& coordinator = service_.coordinator;
  ways_.clear();
  for (const wire::Operation& operation : operations) {
    // Before anything is ordered: a command on several keys happens as a whole or not at all.
    if (too_long(operation)) return refuse(operation);
    const Coordinator::Way way = coordinator.way_of(operation);
    if (way.nobody_there()) return reply_error(error_text::of(errc::node_down));
    if (const auto full = coordinator.full_worker(way)) return wait_for_room(*full);
    ways_.push_back(way);
  }
  const std::uint32_t ticket = begin_command();
  replies_[ticket].gather = std::move(gather);
  for (std::uint32_t part = 0; part < operations.size(); ++part)
    coordinator.append(ways_[part], marked(operations[part]), {this, ticket, part});
  return Outcome::done;
}

Outcome Conversation::forward_to_nodes(std::span<const NodeOperation> operations,
                                       std::unique_ptr<Gather> gather) {
  Coordinator& coordinator = service_.coordinator;
  for (const NodeOperation& one : operations)
    if (!coordinator.has_room(one.worker)) return wait_for_room(one.worker);
  const std::uint32_t ticket = begin_command();
  replies_[ticket].gather = std::move(gather);
  if (operations.empty()) {
    replies_[ticket].state = ReplyLine::Entry::State::gathered;
    if (replies_.is_front(ticket)) finish_ready_replies();
    list_as_active();
    return Outcome::done;
  }
  for (const NodeOperation& one : operations)
    coordinator.append_to(one.worker, marked(one.operation),
                          one.answered
                              ? ReplyAddress{this, ticket, static_cast<std::uint32_t>(one.worker)}
                              : discarded_reply());
  return Outcome::done;
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

void Conversation::abandon() noexcept {
  discard_output();
  replies_ = ReplyLine();
  service_.disk_waits.forget(*this);
  if (listed_) service_.forget(*this);
  abandoned_ = true;
}

void Conversation::discard_output() noexcept {
  discarding_ = true;
  closing_ = true;
  output_.clear();
  service_.coordinator.stop_waiting(*this);
}

}  // namespace pkv
