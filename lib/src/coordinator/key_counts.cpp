#include "coordinator/key_counts.hpp"

#include "coordinator/discard_replies.hpp"
#include "wire/copying.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace pkv {
namespace {

// Each is asked in vain only if another node is lost meanwhile.
constexpr unsigned most_rounds = 8;
// Of these, the first are about the count's own place in the order.
constexpr unsigned most_rounds_of_the_past = 4;

// Not the number of any transfer.
constexpr std::uint32_t counting_set = 0;

constexpr wire::CopyRequest everything{.set = counting_set,
                                       .most_bytes = std::numeric_limits<std::uint32_t>::max(),
                                       .most_entries = std::numeric_limits<std::uint32_t>::max()};

/// What a node has counted; nothing if that is no answer to the question.
std::optional<std::uint64_t> counted_keys(const wire::WireReply& reply) {
  if (reply.kind == wire::ReplyKind::integer) return static_cast<std::uint64_t>(reply.integer);
  if (reply.kind != wire::ReplyKind::value) return std::nullopt;
  const auto page = wire::read_counted_page(reply.value);
  if (!page || page->next != wire::scan_end) return std::nullopt;
  return page->keys;
}

}  // namespace

std::optional<std::size_t> KeyCounts::full_worker() const noexcept {
  for (std::size_t worker = 0; worker < coordinator_.worker_count(); ++worker)
    if (coordinator_.placement().lives(static_cast<WorkerIndex>(worker)) &&
        !coordinator_.has_room(worker))
      return worker;
  return std::nullopt;
}

void KeyCounts::begin(const ReplyAddress& client) {
  if (free_.empty()) {
    counts_.emplace_back();
    free_.push_back(static_cast<std::uint32_t>(counts_.size() - 1));
  }
  const std::uint32_t ticket = free_.back();
  free_.pop_back();
  counts_[ticket] = Count{.client = client,
                          .sequence = coordinator_.sequence(),
                          .started = coordinator_.now(),
                          .failure = {}};
  Placement& placement = coordinator_.placement();
  if (placement.degree() > 0)
    ask_for_all(ticket);
  else
    ask_for_shares(ticket, placement.shares([](WorkerIndex) { return true; }), false);
}

/// Requires: all keys have the same number of copies.
void KeyCounts::ask_for_all(std::uint32_t ticket) {
  const Placement& placement = coordinator_.placement();
  std::vector<std::size_t> asked;
  for (std::size_t worker = 0; worker < coordinator_.worker_count(); ++worker)
    if (placement.lives(static_cast<WorkerIndex>(worker))) asked.push_back(worker);
  counts_[ticket].copies = placement.degree();
  counts_[ticket].missing = asked.size();
  wire::Operation count;
  count.opcode = wire::Opcode::count;
  for (const std::size_t worker : asked)
    coordinator_.append_to(worker, count, {this, ticket, 0});
}

void KeyCounts::ask_for_shares(std::uint32_t ticket, const Placement::Shares& shares,
                               bool of_the_past) {
  Count& count = counts_[ticket];
  count.copies = 1;
  count.missing = static_cast<std::size_t>(
      std::ranges::count_if(shares.of_worker, [](const auto& ranges) { return !ranges.empty(); }));
  if (count.missing == 0) return fail(ticket, errc::node_down);
  ByteBuffer request;
  wire::append_copy_request(request, everything);
  wire::Operation question;
  question.opcode = wire::Opcode::count_page;
  question.value = request.view();
  if (of_the_past) question.flags = wire::read_as_of;
  const std::uint64_t sequence = count.sequence;
  for (std::size_t worker = 0; worker < shares.of_worker.size(); ++worker) {
    if (shares.of_worker[worker].empty()) continue;
    ByteBuffer ranges;
    wire::append_ranges(ranges, counting_set, shares.of_worker[worker]);
    wire::Operation definition;
    definition.opcode = wire::Opcode::define_ranges;
    definition.value = ranges.view();
    coordinator_.append_at(worker, definition, sequence, discarded_reply());
    coordinator_.append_at(worker, question, sequence, {this, ticket, 0});
  }
}

void KeyCounts::on_reply(std::uint32_t ticket, std::uint32_t, const wire::WireReply& reply,
                         const SharedFrame&) {
  Count& count = counts_[ticket];
  if (reply.kind == wire::ReplyKind::error) {
    if (reply.error == errc::node_down)
      count.lost_any = true;
    else if (!count.failure)
      count.failure = reply.error;
  } else if (const auto keys = counted_keys(reply)) {
    count.sum += *keys;
  } else {
    count.failure = errc::malformed_frame;
  }
  if (--count.missing == 0) conclude(ticket);
}

void KeyCounts::conclude(std::uint32_t ticket) {
  const Count& count = counts_[ticket];
  if (count.failure) return fail(ticket, *count.failure);
  if (count.lost_any) return ask_again(ticket);
  wire::WireReply sum;
  sum.kind = wire::ReplyKind::integer;
  // Rounded up: before the copies of a former server have been evened out they may differ, and
  // whoever asks whether the store is empty must not be told so when there is a single one of a
  // key.
  sum.integer = static_cast<std::int64_t>((count.sum + count.copies - 1) / count.copies);
  answer(ticket, sum);
}

void KeyCounts::ask_again(std::uint32_t ticket) {
  Count& count = counts_[ticket];
  if (++count.rounds > most_rounds ||
      coordinator_.now() - count.started > coordinator_.settings().reply_timeout)
    return fail(ticket, errc::node_down);
  count.sum = 0;
  count.lost_any = false;
  Placement& placement = coordinator_.placement();
  if (coordinator_.settings().replicas > 1 && count.rounds <= most_rounds_of_the_past) {
    const std::uint64_t sequence = count.sequence;
    const Placement::Shares shares = placement.shares(
        [&](WorkerIndex worker) { return coordinator_.knows_since(worker, sequence); });
    if (shares.complete) return ask_for_shares(ticket, shares, true);
  }
  const Placement::Shares shares = placement.shares([](WorkerIndex) { return true; });
  if (!shares.complete) return fail(ticket, errc::node_down);
  coordinator_.begin_command();
  count.sequence = coordinator_.sequence();
  ask_for_shares(ticket, shares, false);
}

void KeyCounts::fail(std::uint32_t ticket, errc why) {
  wire::WireReply failure;
  failure.kind = wire::ReplyKind::error;
  failure.error = why;
  answer(ticket, failure);
}

void KeyCounts::answer(std::uint32_t ticket, const wire::WireReply& reply) {
  const ReplyAddress client = counts_[ticket].client;
  free_.push_back(ticket);
  client.receiver->on_reply(client.ticket, client.part, reply, SharedFrame());
  coordinator_.ensure_turn_end();
}

}  // namespace pkv
