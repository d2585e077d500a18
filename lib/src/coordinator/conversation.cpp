#include "coordinator/conversation.hpp"

#include "coordinator/command_recorder.hpp"
#include "coordinator/commands/handlers.hpp"
#include "coordinator/discard_replies.hpp"
#include "protocol/error_text.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pkv {
namespace {

// What a reply is taken to need before a client's first replies have shown better: few enough that
// a burst of reads of large values does not fill the memory, many enough to keep the workers busy.
constexpr std::size_t first_expected_reply_bytes = std::size_t{64} << 10;

// Below, a value is copied, whatever its frame.
constexpr std::size_t least_value_in_place = std::size_t{64} << 10;

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
  service_.node_queries.end_all_of(*this);
  service_.coordinator.stop_waiting(*this);
  forget_views();
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
        command_bytes_ = parsed.consumed_bytes;
        if (execute(parser_.arguments()) == Outcome::no_room) return Progress::paused;
        input_.consume(command_bytes_);
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
  if (!coordinator.has_memory_for({&operation, 1})) [[unlikely]]
    return reply_error(error_text::over_max_memory);
  if (operation.value.size() >= least_value_in_place && forward_in_place(way, operation))
    return Outcome::done;
  coordinator.append(way, operation, {this, begin_command(), 0});
  return Outcome::done;
}

/// Makes the input's memory that of the operation's frame, so that the value is not copied. False
/// if that cannot be done.
bool Conversation::forward_in_place(const Coordinator::Way& way, const wire::Operation& operation) {
  Coordinator& coordinator = service_.coordinator;
  if (!coordinator.goes_alone(way, operation)) return false;
  const std::size_t before_value =
      wire::header_bytes + wire::head_bytes(operation.flags) + operation.key.size();
  ByteBuffer frame = input_.detach(operation.value, before_value, command_bytes_);
  if (frame.empty()) return false;
  command_bytes_ = 0;
  wire::store_operation_around_value(frame.data() + wire::header_bytes, operation);
  coordinator.append_alone(way, std::move(frame), {this, begin_command(), 0});
  return true;
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
  if (!coordinator.has_memory_for(operations)) return reply_error(error_text::over_max_memory);
  CommandRecorder recorder(coordinator);
  if (service_.entries_last) recorder.add(ways_, operations);
  const std::uint32_t ticket = begin_command();
  replies_[ticket].gather = std::move(gather);
  recorder.append();
  for (std::uint32_t part = 0; part < operations.size(); ++part)
    coordinator.append(ways_[part], marked(operations[part]), {this, ticket, part});
  return Outcome::done;
}

Outcome Conversation::forward_to_nodes(std::span<const NodeOperation> operations,
                                       std::unique_ptr<Gather> gather) {
  Coordinator& coordinator = service_.coordinator;
  for (const NodeOperation& one : operations)
    if (!coordinator.has_room(one.worker)) return wait_for_room(one.worker);
  CommandRecorder recorder(coordinator);
  if (service_.entries_last) recorder.add(operations);
  const std::uint32_t ticket = begin_command();
  replies_[ticket].gather = std::move(gather);
  recorder.append();
  if (operations.empty()) {
    replies_[ticket].state = ReplyLine::Entry::State::gathered;
    if (replies_.is_front(ticket)) finish_ready_replies();
    list_as_active();
    coordinator.ensure_turn_end();
    return Outcome::done;
  }
  for (const NodeOperation& one : operations)
    coordinator.append_to(one.worker, marked(one.operation),
                          one.answered
                              ? ReplyAddress{this, ticket, static_cast<std::uint32_t>(one.worker)}
                              : discarded_reply());
  return Outcome::done;
}

Outcome Conversation::forward_count() {
  if (const auto full = service_.key_counts.full_worker()) return wait_for_room(*full);
  service_.key_counts.begin({this, begin_command(), 0});
  return Outcome::done;
}

Outcome Conversation::list_keys(KeyListing::Request request) {
  if (const auto full = service_.key_counts.full_worker()) return wait_for_room(*full);
  service_.key_listing.begin(*this, begin_command(), std::move(request));
  return Outcome::done;
}

void Conversation::abandon() noexcept {
  discard_output();
  replies_ = ReplyLine();
  service_.disk_waits.forget(*this);
  service_.node_queries.drop_all_of(*this);
  if (listed_) service_.forget(*this);
  abandoned_ = true;
}

void Conversation::discard_output() noexcept {
  discarding_ = true;
  closing_ = true;
  output_.clear();
  service_.coordinator.stop_waiting(*this);
  forget_views();
}

}  // namespace pkv
