#include "coordinator/worker_queue.hpp"

#include "wire/wire_reply.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <new>
#include <utility>

namespace pkv {
namespace {

/// Of the only operation in a body: its value travels by itself, and keeps its checksum where it is
/// stored.
std::size_t bytes_before_value(std::string_view body) noexcept {
  wire::OperationReader reader(body, 1);
  wire::Operation operation;
  return reader.next(operation) ? body.size() - operation.value.size() : 0;
}

}  // namespace

WorkerQueue::WorkerQueue(wire::Transport& transport, std::size_t worker, NodeId node,
                         std::uint32_t epoch, Heir* heir)
    : transport_(transport),
      worker_(worker),
      node_(node),
      epoch_(epoch),
      heir_(heir),
      preferred_frame_bytes_(transport.preferred_frame_bytes()),
      slots_(transport.slots_per_worker()) {}

/// Whether the open batch, if there is one, takes the operation.
inline bool WorkerQueue::fits(const wire::Operation& operation, std::size_t bytes,
                              std::uint64_t sequence) const noexcept {
  if (open_ == nullptr) return false;
  const wire::Frame& frame = open_->frame;
  const std::size_t grown = frame.bytes().size() + bytes;
  if (grown > preferred_frame_bytes_) [[unlikely]]
    return sequence == open_->newest && wire::writes(operation.opcode) &&
           grown <= wire::largest_body_bytes;
  // A sequence below the batch's own wraps round and does not fit either.
  return sequence - frame.header.sequence <= std::numeric_limits<std::uint32_t>::max();
}

void WorkerQueue::append(const wire::Operation& operation, std::uint64_t sequence,
                         const ReplyAddress& address, Clock::time_point now) {
  const std::size_t bytes = wire::encoded_bytes(operation);
  if (!fits(operation, bytes, sequence))
    open_batch(wire::Frame(transport_.take_buffer()), sequence, now);
  Batch& batch = *open_;
  batch.addresses.push_back(address);
  try {
    const std::uint64_t offset = sequence - batch.frame.header.sequence;
    wire::append_operation_at(batch.frame.bytes(), operation, static_cast<std::uint32_t>(offset));
  } catch (const std::bad_alloc&) {
    batch.addresses.pop_back();
    throw;
  }
  batch.newest = sequence;
  waiting_bytes_ += bytes;
  ++load_;
}

void WorkerQueue::append_alone(ByteBuffer frame_bytes, std::uint64_t sequence,
                               const ReplyAddress& address, Clock::time_point now) {
  const std::size_t bytes = frame_bytes.size() - wire::header_bytes;
  std::vector<ReplyAddress> addresses{address};
  open_batch(wire::Frame(wire::FrameHeader(), std::move(frame_bytes)), sequence, now)
      .addresses.swap(addresses);
  waiting_bytes_ += bytes;
  ++load_;
}

WorkerQueue::Batch& WorkerQueue::open_batch(wire::Frame frame, std::uint64_t sequence,
                                            Clock::time_point now) {
  Batch opened;
  opened.frame = std::move(frame);
  opened.frame.header.kind = wire::FrameKind::request;
  opened.frame.header.node = node_;
  opened.frame.header.epoch = epoch_;
  opened.frame.header.sequence = sequence;
  opened.opened = now;
  if (!spare_addresses_.empty()) {
    opened.addresses = std::move(spare_addresses_.back());
    spare_addresses_.pop_back();
  }
  open_ = &waiting_.emplace_back(std::move(opened));
  return *open_;
}

WorkerQueue::Batch WorkerQueue::take_oldest() {
  Batch oldest = std::move(waiting_.front());
  waiting_.pop_front();
  if (waiting_.empty()) open_ = nullptr;
  waiting_bytes_ -= oldest.frame.body_size();
  oldest.frame.header.count = static_cast<std::uint32_t>(oldest.addresses.size());
  const bool long_one =
      oldest.addresses.size() == 1 && oldest.frame.bytes().size() > preferred_frame_bytes_;
  if (long_one) oldest.frame.lead_bytes = bytes_before_value(oldest.frame.body());
  return oldest;
}

bool WorkerQueue::may_send() const noexcept {
  if (waiting_.empty() || slots_[next_slot_].busy) return false;
  return busy_slots_ == 0 || waiting_bytes_ >= transport_.least_following_bytes();
}

std::size_t WorkerQueue::send(std::uint64_t stable) {
  std::size_t sent = 0;
  while (may_send()) {
    Batch batch = take_oldest();
    batch.frame.header.slot = next_slot_;
    batch.frame.header.stable = stable;

    Slot& slot = slots_[next_slot_];
    slot.addresses = std::move(batch.addresses);
    slot.answered = 0;
    slot.sequence = batch.frame.header.sequence;
    slot.bytes = batch.frame.body_size();
    sent_bytes_ += slot.bytes;
    slot.opened = batch.opened;
    slot.busy = true;
    slot.given_up = false;
    ++busy_slots_;
    next_slot_ = static_cast<std::uint32_t>((next_slot_ + 1) % slots_.size());
    transport_.send(worker_, std::move(batch.frame));
    ++sent;
  }
  return sent;
}

WorkerQueue::Answered WorkerQueue::deliver(wire::Arrival arrival) {
  Answered answered;
  if (arrival.slot >= slots_.size() || !slots_[arrival.slot].busy) {
    answered.malformed = true;
    return answered;
  }
  Slot& slot = slots_[arrival.slot];
  answered.opened = slot.opened;
  if (arrival.failure) {
    const bool bequeathable =
        heir_ != nullptr && *arrival.failure == errc::node_down && !arrival.frame.bytes().empty();
    if (!slot.given_up && bequeathable)
      bequeath(arrival.frame, slot.addresses, slot.answered);
    else if (!slot.given_up)
      fail(slot.addresses, slot.answered, *arrival.failure);
    transport_.recycle(std::move(arrival.frame.bytes()));
    release(slot);
    return answered;
  }

  const bool last = arrival.frame.header.last;
  const std::uint32_t count = arrival.frame.header.count;
  const SharedFrame frame(std::move(arrival.frame), transport_);
  if (!slot.given_up) {
    wire::ReplyReader reader(frame.body(), count);
    wire::WireReply reply;
    while (slot.answered < slot.addresses.size() && reader.next(reply)) {
      const ReplyAddress& address = slot.addresses[slot.answered++];
      address.receiver->on_reply(address.ticket, address.part, reply, frame);
      ++answered.replies;
    }
    load_ -= answered.replies;
    const bool all_answered = slot.answered == slot.addresses.size();
    answered.malformed = !reader.complete() || (last && !all_answered);
    if (answered.malformed) {
      fail(slot.addresses, slot.answered, errc::malformed_frame);
      slot.given_up = true;
    }
  }
  if (last) release(slot);
  return answered;
}

std::size_t WorkerQueue::give_up(Clock::time_point before) {
  std::size_t given_up = 0;
  for (Slot& slot : slots_) {
    if (!slot.busy || slot.given_up || slot.opened >= before) continue;
    given_up += slot.addresses.size() - slot.answered;
    slot.given_up = true;
    fail(slot.addresses, slot.answered, errc::worker_timeout);
  }
  while (!waiting_.empty() && waiting_.front().opened < before) {
    Batch batch = take_oldest();
    given_up += batch.addresses.size();
    fail(batch.addresses, 0, errc::worker_timeout);
    transport_.recycle(std::move(batch.frame.bytes()));
  }
  return given_up;
}

bool WorkerQueue::overdue(Clock::time_point before) const noexcept {
  const bool slot_is = std::ranges::any_of(slots_, [before](const Slot& slot) {
    return slot.busy && !slot.given_up && slot.opened < before;
  });
  return slot_is || (!waiting_.empty() && waiting_.front().opened < before);
}

void WorkerQueue::lose() {
  while (!waiting_.empty()) {
    Batch batch = take_oldest();
    if (heir_ != nullptr)
      bequeath(batch.frame, batch.addresses, 0);
    else
      fail(batch.addresses, 0, errc::node_down);
    transport_.recycle(std::move(batch.frame.bytes()));
  }
}

void WorkerQueue::revive(std::uint32_t epoch) noexcept {
  assert(idle());
  epoch_ = epoch;
  next_slot_ = 0;
}

std::uint64_t WorkerQueue::oldest_sequence() const noexcept {
  std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
  for (const Slot& slot : slots_)
    if (slot.busy && !slot.addresses.empty()) oldest = std::min(oldest, slot.sequence);
  for (const Batch& batch : waiting_)
    oldest = std::min(oldest, batch.frame.header.sequence);
  return oldest;
}

void WorkerQueue::bequeath(const wire::Frame& request, std::vector<ReplyAddress>& addresses,
                           std::size_t from) {
  wire::OperationReader reader(request.body(), static_cast<std::uint32_t>(addresses.size()));
  wire::Operation operation;
  std::size_t next = 0;
  for (; next < addresses.size() && reader.next(operation); ++next) {
    if (next < from) continue;
    heir_->inherit(worker_, operation, request.header.sequence + operation.sequence_offset,
                   addresses[next]);
    --load_;
  }
  fail(addresses, std::max(next, from), errc::node_down);  // none, if the request is what was sent
}

void WorkerQueue::fail(std::vector<ReplyAddress>& addresses, std::size_t from, errc error) {
  wire::WireReply reply;
  reply.kind = wire::ReplyKind::error;
  reply.error = error;
  for (std::size_t i = from; i < addresses.size(); ++i)
    addresses[i].receiver->on_reply(addresses[i].ticket, addresses[i].part, reply, SharedFrame());
  load_ -= addresses.size() - std::min(from, addresses.size());
  addresses.clear();
}

void WorkerQueue::release(Slot& slot) {
  slot.addresses.clear();
  spare_addresses_.push_back(std::move(slot.addresses));
  slot.busy = false;
  sent_bytes_ -= slot.bytes;
  --busy_slots_;
}

}  // namespace pkv
