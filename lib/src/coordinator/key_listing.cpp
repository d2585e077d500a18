#include "coordinator/key_listing.hpp"

#include "pkv/storage_engine.hpp"

#include "base/decimal.hpp"
#include "coordinator/conversation.hpp"
#include "coordinator/discard_replies.hpp"
#include "protocol/error_text.hpp"
#include "protocol/reply_writer.hpp"
#include "wire/copying.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace pkv {
namespace {

// Each is asked in vain only if another node is lost meanwhile.
constexpr unsigned most_listing_rounds = 8;

// Sets of ranges have numbers from here on: those of transfers are smaller.
constexpr std::uint32_t first_set = std::uint32_t{1} << 31;

/// The answer to SCAN: where to go on, and keys.
std::string encode(std::uint64_t next, const std::vector<std::string_view>& keys) {
  std::size_t bytes = 4 * reply_writer::max_number_bytes + reply_writer::max_bulk_overhead_bytes;
  for (const std::string_view key : keys)
    bytes += reply_writer::max_bulk_overhead_bytes + key.size();
  std::string encoded(bytes, '\0');
  const Decimal cursor(static_cast<std::int64_t>(next));
  char* at = reply_writer::write_array_header(encoded.data(), 2);
  at = reply_writer::write_bulk(at, cursor.view());
  at = reply_writer::write_array_header(at, keys.size());
  for (const std::string_view key : keys)
    at = reply_writer::write_bulk(at, key);
  encoded.resize(static_cast<std::size_t>(at - encoded.data()));
  return encoded;
}

/// Whether it is a page that gets on from this position.
bool is_sound(wire::KeyPageReader page, std::uint64_t from) noexcept {
  for (std::string_view key; page.next(key);) {
  }
  return page.complete() && page.next_position() > from;
}

}  // namespace

void KeyListing::begin(Conversation& client, std::uint32_t client_ticket, Request request) {
  if (free_.empty()) {
    listings_.emplace_back();
    free_.push_back(static_cast<std::uint32_t>(listings_.size() - 1));
  }
  const std::uint32_t ticket = free_.back();
  free_.pop_back();
  listings_[ticket] = Listing{.client = &client,
                              .client_ticket = client_ticket,
                              .request = std::move(request),
                              .started = coordinator_.now()};
  ask(ticket);
}

/// Finds out who answers for what, if that has changed.
void KeyListing::find_shares() {
  const Placement& placement = coordinator_.placement();
  if (!shares_.empty() && shares_of_change_ == placement.changes()) return;
  Placement::Shares shares = placement.shares([](WorkerIndex) { return true; });
  shares_.clear();
  for (std::vector<RingRange>& ranges : shares.of_worker) {
    const double of_all = share_of(ranges);
    shares_.push_back({std::move(ranges), of_all});
  }
  shares_complete_ = shares.complete;
  shares_of_change_ = placement.changes();
  // A number of their own: a node that could not take them must not go by those before.
  set_ = first_set | static_cast<std::uint32_t>(shares_of_change_);
  told_.resize(shares_.size());
}

/// Asks all nodes at the present place in the order.
void KeyListing::ask(std::uint32_t ticket) {
  find_shares();
  Listing& listing = listings_[ticket];
  listing.missing = static_cast<std::size_t>(
      std::ranges::count_if(shares_, [](const Share& share) { return !share.ranges.empty(); }));
  if (!shares_complete_ || listing.missing == 0) return fail(ticket, errc::node_down);
  listing.found.clear();
  listing.lost_any = false;
  const Request& request = listing.request;
  const auto copies = static_cast<double>(coordinator_.settings().replicas);
  for (std::uint32_t worker = 0; worker < shares_.size(); ++worker) {
    const Share& share = shares_[worker];
    if (share.ranges.empty()) continue;
    if (told_[worker] != set_) tell_share(worker);
    // A node looks at its copies of what others answer for, too.
    const double entries = std::ceil(request.count * share.of_all) * copies;
    ByteBuffer question;
    wire::append_list_request(
        question, {set_, static_cast<std::uint32_t>(entries), request.from, request.pattern});
    wire::Operation operation;
    operation.opcode = wire::Opcode::list_keys;
    operation.value = question.view();
    coordinator_.append_to(worker, operation, {this, ticket, worker});
  }
}

void KeyListing::tell_share(std::size_t worker) {
  if (told_[worker] != 0) define_ranges(worker, told_[worker], {});  // forgets them
  define_ranges(worker, set_, shares_[worker].ranges);
  told_[worker] = set_;
}

void KeyListing::define_ranges(std::size_t worker, std::uint32_t set,
                               std::span<const RingRange> ranges) {
  ByteBuffer value;
  wire::append_ranges(value, set, ranges);
  wire::Operation definition;
  definition.opcode = wire::Opcode::define_ranges;
  definition.value = value.view();
  coordinator_.append_to(worker, definition, discarded_reply());
}

void KeyListing::on_reply(std::uint32_t ticket, std::uint32_t worker, const wire::WireReply& reply,
                          const SharedFrame& frame) {
  Listing& listing = listings_[ticket];
  if (!take(listing, reply, frame)) told_[worker] = 0;  // it may not know them
  if (--listing.missing == 0) conclude(ticket);
}

/// False if it is no page.
bool KeyListing::take(Listing& listing, const wire::WireReply& reply, const SharedFrame& frame) {
  if (reply.kind == wire::ReplyKind::error && reply.error == errc::node_down) {
    listing.lost_any = true;
    return false;
  }
  const wire::KeyPageReader page(reply.value);
  if (reply.kind == wire::ReplyKind::value && is_sound(page, listing.request.from)) {
    listing.found.push_back({page, frame});
    return true;
  }
  const bool told = reply.kind == wire::ReplyKind::error;
  if (!listing.failure) listing.failure = told ? reply.error : errc::malformed_frame;
  return false;
}

void KeyListing::conclude(std::uint32_t ticket) {
  Listing& listing = listings_[ticket];
  if (listing.failure) return fail(ticket, *listing.failure);
  if (listing.lost_any) {
    if (++listing.rounds > most_listing_rounds ||
        coordinator_.now() - listing.started > coordinator_.settings().reply_timeout)
      return fail(ticket, errc::node_down);
    coordinator_.begin_command();
    return ask(ticket);
  }
  std::uint64_t end = wire::scan_end;
  for (const Found& found : listing.found)
    end = std::min(end, found.keys.next_position());
  std::vector<std::string_view> keys;
  for (Found& found : listing.found)
    for (std::string_view key; found.keys.next(key);)
      if (found.keys.next_position() == end || scan_position(key) < end) keys.push_back(key);
  answer(ticket, encode(end == wire::scan_end ? 0 : end, keys));
}

void KeyListing::fail(std::uint32_t ticket, errc why) {
  answer(ticket, "-" + std::string(error_text::of(why)) + "\r\n");
}

void KeyListing::answer(std::uint32_t ticket, std::string encoded) {
  const Listing answered = std::exchange(listings_[ticket], {});
  free_.push_back(ticket);
  answered.client->finish(answered.client_ticket, std::move(encoded));
  coordinator_.ensure_turn_end();
}

}  // namespace pkv
