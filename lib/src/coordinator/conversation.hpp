#pragma once

#include "pkv/durability.hpp"
#include "pkv/reply.hpp"

#include "coordinator/gather.hpp"
#include "coordinator/input_buffer.hpp"
#include "coordinator/output_queue.hpp"
#include "coordinator/reply_line.hpp"
#include "coordinator/reply_receiver.hpp"
#include "coordinator/service.hpp"
#include "protocol/command_table.hpp"
#include "protocol/request_parser.hpp"
#include "wire/operation.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pkv {

/// The words of a command, its name first. Views of the client's input.
using Words = std::span<const std::string_view>;

/// An operation for one node, whatever its key.
struct NodeOperation {
  std::size_t worker = 0;
  wire::Operation operation;
  bool answered = true;  ///< False: nobody waits for the answer.
};

/// What a command's handler did.
enum class Outcome {
  done,     ///< The command was ordered, or answered at once.
  no_room,  ///< Nothing happened: a worker's queue is full. The command is tried again later.
};

/// One client's side of the server without its socket: bytes in, commands in order, bytes out.
///
/// A session fills input(), calls consume(), and writes output() to the client. Replies that come
/// later add to the output and are announced to the owner, once per turn.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: `service` must outlive it, up to abandon(). Destroy it only when drained() or
/// abandoned.
class Conversation final : public ReplyReceiver {
 public:
  enum class Progress {
    need_input,  ///< All whole commands are under way: read more.
    paused,   ///< Commands are left, but a limit is reached: call again when ready_to_continue().
    closing,  ///< There will be no more commands: write what is left, then close.
  };

  /// `owner` is told of what happens between calls, by Service::tell_owners.
  Conversation(Service& service, ConversationOwner& owner, std::uint64_t id);
  ~Conversation();

  [[nodiscard]] InputBuffer& input() noexcept { return input_; }
  [[nodiscard]] OutputQueue& output() noexcept { return output_; }

  /// Executes the commands that have arrived, as far as limits allow.
  Progress consume();
  /// Whether consume() would get on after it said `paused`.
  [[nodiscard]] bool ready_to_continue() const noexcept;
  /// All answers have come in; they may still be in output().
  [[nodiscard]] bool drained() const noexcept { return replies_.empty(); }
  /// The client let too many replies pile up.
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
  /// The client is gone: answers are dropped from here on.
  void discard_output() noexcept;
  /// Nothing more will come from the service, which may be destroyed before this.
  void abandon() noexcept;
  /// Bytes that the unfinished command at the end of the input still needs; 0 if there is none.
  [[nodiscard]] std::size_t missing_bytes() const noexcept { return missing_bytes_; }
  /// There is output that will be announced to the owner, now or when more of it has come.
  [[nodiscard]] bool to_be_told() const noexcept { return listed_; }

  // For Service::tell_owners ----------------------------------------------------------------------

  /// Whether the owner may be told later, together with replies that will come soon.
  [[nodiscard]] bool can_wait() const noexcept;
  /// Tells the owner. Requires: it has been taken off the service's list.
  void tell_owner() {
    listed_ = false;
    urgent_ = false;
    owner_.on_activity();
  }

  // For the handlers of commands ------------------------------------------------------------------

  [[nodiscard]] Service& service() noexcept { return service_; }
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

  /// What its writes get: no less than the server's.
  [[nodiscard]] Durability durability() const noexcept { return durability_; }
  void set_durability(Durability level) noexcept;

  /// Orders one operation at the owner of its key; the worker's answer is the reply.
  Outcome forward(const wire::Operation& operation);
  /// Orders one operation per key, at one place in the order; `gather` makes the reply.
  Outcome forward_all(std::span<const wire::Operation> operations, std::unique_ptr<Gather> gather);
  /// Orders operations at nodes chosen by the caller, at one place in the order; part i is worker
  /// i's. Requires: `gather` waits for as many answers as the operations get.
  Outcome forward_to_nodes(std::span<const NodeOperation> operations,
                           std::unique_ptr<Gather> gather);

  /// Counts all keys at one place in the order; the number is the reply.
  Outcome forward_count();
  /// Lists some keys at one place in the order; the reply is SCAN's.
  Outcome list_keys(KeyListing::Request request);
  /// Answers OK when all that was ordered before is on the disk, or an error when `patience` is at
  /// an end; 0: never.
  Outcome wait_for_disk(std::chrono::milliseconds patience);

  /// Opens its view of the whole store as of now; asks for the next of its entries; closes it.
  Outcome open_view();
  Outcome next_of_view();
  Outcome close_view();
  /// Makes a snapshot; answers when it is there if the client is to `wait`.
  Outcome save(std::string_view name, bool wait);

  /// Answers the command of this ticket. Requires: it was left waiting.
  void finish(std::uint32_t ticket, std::string encoded);

  Outcome reply(const Reply& reply);
  Outcome reply_status(std::string_view text);
  Outcome reply_error(std::string_view text);
  /// Ends the conversation once everything so far is answered.
  void close_after_replies() noexcept { closing_ = true; }

  // ReplyReceiver
  void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame& frame) override;
  void on_room() override;

 private:
  Progress execute_input();
  Outcome execute(Words words);
  Outcome refuse(const CommandInfo* command, Words words);
  [[nodiscard]] bool too_long(const wire::Operation& operation) const noexcept;
  Outcome refuse(const wire::Operation& operation);
  Outcome order(const wire::Operation& operation);
  [[nodiscard]] wire::Operation marked(wire::Operation operation) const noexcept;
  Outcome wait_for_room(std::size_t worker);
  [[nodiscard]] bool forward_in_place(const Coordinator::Way& way,
                                      const wire::Operation& operation);
  Outcome reply_encoded(std::string encoded);
  [[nodiscard]] bool must_pause() const noexcept;
  std::uint32_t begin_command();
  std::uint32_t leave_waiting();
  void forget_views() noexcept;
  void write(ReplyLine::Entry& entry);
  void finish_ready_replies();
  void list_as_active();
  void hold(std::size_t bytes);
  void note_reply_bytes(std::size_t bytes) noexcept;

  Service& service_;
  ConversationOwner& owner_;
  std::uint64_t id_;
  std::string name_;
  Durability durability_;
  std::uint8_t write_flags_ = 0;  // of every operation that writes
  RequestParser parser_;
  InputBuffer input_;
  OutputQueue output_;
  ReplyLine replies_;
  std::optional<CommandKind> kind_;  // of the command being executed; none if it is unknown
  std::size_t command_bytes_ = 0;    // of the command being executed, while they are in the input
  std::size_t missing_bytes_ = 0;
  std::size_t most_command_bytes_;
  std::size_t expected_reply_bytes_;
  std::size_t held_bytes_ = 0;          // in answers that wait in replies_ for those before them
  std::vector<Coordinator::Way> ways_;  // scratch of forward_all
  bool waiting_for_room_ = false;
  bool closing_ = false;
  bool discarding_ = false;
  bool overflowed_ = false;
  bool paused_ = false;  // consume() left commands in the input
  bool listed_ = false;
  bool urgent_ = false;  // the owner has to be told of more than output
  ReplyLine::Clock::time_point listed_since_;
  bool abandoned_ = false;
};

inline void Conversation::list_as_active() {
  if (listed_) return;
  listed_ = true;
  listed_since_ = service_.coordinator.now();
  service_.active.push_back(this);
}

}  // namespace pkv
