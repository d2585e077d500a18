#include "worker/dispatcher.hpp"

#include "base/endian.hpp"
#include "base/resident_memory.hpp"
#include "wire/command_writes.hpp"
#include "wire/first_sequence.hpp"
#include "wire/node_statistics.hpp"
#include "wire/wire_reply.hpp"
#include "worker/execute.hpp"
#include "worker/expiry.hpp"
#include "worker/past.hpp"
#include "worker/put_received.hpp"
#include "worker/viewing.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

namespace pkv {
namespace {

// As many keys as the memory system can usefully fetch at a time.
constexpr std::size_t prefetched_operations = 32;

// Less is sent as one message, with what is answered besides.
constexpr std::size_t least_tail_bytes = std::size_t{256} << 10;

/// Whether it is another write of the command that came to its place in the order before: all are
/// committed together. Their answers are small.
bool continues_write(const wire::Operation& operation, std::uint64_t sequence,
                     Version latest) noexcept {
  return wire::writes(operation.opcode) && sequence + operation.sequence_offset == latest;
}

void keep_record(KVStore& store, const wire::Operation& operation, Version version,
                 ByteBuffer& to) {
  result<void> kept = errc::malformed_frame;
  if (operation.value.size() >= wire::record_head_bytes)
    kept = store.keep_record(version, load<Version>(operation.value.data()),
                             operation.value.substr(wire::record_head_bytes));
  if (kept)
    wire::append_ok(to);
  else
    append_errc(to, kept.error());
}

}  // namespace

Dispatcher::Dispatcher(KVStore& store, NodeId node, std::uint32_t epoch, std::size_t part_bytes,
                       const StoreViews::Settings& views, bool tells_stored_bytes)
    : store_(store),
      node_(node),
      epoch_(epoch),
      part_bytes_(part_bytes),
      tells_stored_bytes_(tells_stored_bytes),
      views_(store, views),
      queries_(views_),
      copying_(store, views_) {}

std::optional<std::uint8_t> Dispatcher::inspect(const wire::Frame& request) const noexcept {
  if (request.header.kind != wire::FrameKind::request || request.header.node != node_ ||
      request.header.epoch != epoch_)
    return std::nullopt;
  wire::OperationReader reader(request.body(), request.header.count);
  wire::Operation operation;
  std::uint8_t flags = 0;
  while (reader.next(operation))
    flags |= operation.flags;
  if (!reader.complete()) return std::nullopt;
  return flags;
}

void Dispatcher::run_unusual(const wire::Operation& operation, const wire::FrameHeader& request,
                             wire::Frame& reply) {
  ByteBuffer& to = reply.bytes();
  const Version version = request.sequence + operation.sequence_offset;
  const bool remembering = request.stable != 0;
  const bool of_the_past = (operation.flags & wire::read_as_of) != 0;
  if (operation.opcode == wire::Opcode::statistics) {
    report(to);
  } else if (operation.opcode == wire::Opcode::sync) {
    wire::append_ok(to);  // when the part is on the disk, see end_part
  } else if (operation.opcode == wire::Opcode::record && !of_the_past) {
    keep_record(store_, operation, version, to);
  } else if (operation.opcode == wire::Opcode::count_page && of_the_past && remembering) {
    copying_.count_as_of(operation, version, undo_log_, to);
  } else if (operation.opcode == wire::Opcode::remove_expired) {
    remove_expired(store_, removable_until(request), to);
  } else if (wire::is_viewing(operation.opcode) && !of_the_past) {
    run_viewing(views_, operation, version, store_.time(), to);
  } else if (wire::is_querying(operation.opcode) && !of_the_past) {
    queries_.run(operation, store_.time(), to);
  } else if (operation.opcode > wire::Opcode::statistics && !is_for_key(operation.opcode) &&
             !of_the_past) {
    copying_.run(operation, to);
  } else if (!of_the_past) {
    if (remembering || views_.any())
      note_past(store_, operation, version, {remembering ? &undo_log_ : nullptr, views_});
    execute(operation, version, reply);
  } else if (remembering && is_for_key(operation.opcode)) {
    execute_as_of(store_, undo_log_, operation, version, to);
  } else {
    wire::append_error(to, errc::malformed_frame);
  }
}

void Dispatcher::execute(const wire::Operation& operation, Version version, wire::Frame& reply) {
  if (operation.opcode <= wire::Opcode::read)
    read(operation, reply);
  else if (received_value_ == nullptr)
    execute_operation(store_, operation, version, reply.bytes());
  else
    put_received(store_, *received_value_, operation, version, reply.bytes());
}

void Dispatcher::read(const wire::Operation& operation, wire::Frame& reply) {
  static_assert(wire::Opcode::get < wire::Opcode::read);
  const result<ValueView> found = store_.find(operation.key);
  if (found && found->value.size() >= least_tail_bytes && takes_tails_) {
    if (SharedValue shared = store_.share(operation.key)) {
      wire::append_value_head(reply.bytes(), shared.bytes().size());
      reply.tail = std::move(shared);
      return;
    }
  }
  append_read_answer(operation, found, store_.time(), reply.bytes());
}

// What had not expired at the stable place may still be asked for as of then, and so for views.
Timestamp Dispatcher::removable_until(const wire::FrameHeader& request) const noexcept {
  const Timestamp now = request.stable != 0 ? time_at(request.stable) : store_.time();
  return views_.any() ? std::min(now, time_at(views_.oldest_sequence())) : now;
}

wire::Opcode Dispatcher::first_unusual(bool remembering, bool asks_for_the_past) const noexcept {
  if (asks_for_the_past) return wire::Opcode{};
  // Get and read, the first of the opcodes, change nothing that would have to be remembered.
  static_assert(std::max(wire::Opcode::get, wire::Opcode::read) < wire::Opcode::create);
  if (remembering || views_.any()) return wire::Opcode::create;
  return wire::Opcode::statistics;
}

result<void> Dispatcher::run(const wire::Frame& request, wire::Frame* own, ReplySink& replies) {
  const std::optional<std::uint8_t> flags = inspect(request);
  if (!flags) return errc::malformed_frame;
  const bool remembering = request.header.stable != 0;
  const bool to_disk = (*flags & wire::on_disk) != 0;
  if (remembering) undo_log_.forget(request.header.stable);
  if (views_.any()) views_.expire(time_at(request.header.sequence));
  // One comparison tells of each operation whether there is more to it than to run it.
  const bool asks_for_the_past = (*flags & wire::read_as_of) != 0;
  wire::Opcode unusual = first_unusual(remembering, asks_for_the_past);
  received_value_ = own != nullptr && is_received_value(*own) ? own : nullptr;
  takes_tails_ = replies.takes_tails();

  wire::OperationReader reader(request.body(), request.header.count);
  std::array<wire::Operation, prefetched_operations> operations;
  std::array<std::string_view, prefetched_operations> keys;
  Part part = begin_part(request, replies);
  for (std::uint32_t left = request.header.count; left > 0;) {
    std::size_t count = 0;
    for (; count < prefetched_operations && reader.next(operations[count]); ++count)
      keys[count] = operations[count].key;
    store_.prefetch({keys.data(), count});
    for (std::size_t i = 0; i < count; ++i) {
      if (part.frame.body_size() >= part_bytes_ &&
          !continues_write(operations[i], request.header.sequence, part.latest)) {
        const std::uint32_t next = part.first + part.frame.header.count;
        end_part(std::move(part), request, to_disk, false, replies);
        part = begin_part(request, replies);
        part.first = next;
      }
      if (part.frame.tail) part.frame.join_tail();  // there is more to come behind it
      // Without a batch nothing may run: an engine might keep what end_part calls undone.
      const wire::Operation& operation = operations[i];
      const Version version = request.header.sequence + operation.sequence_offset;
      store_.set_time(time_at(version));
      const std::size_t before = part.frame.bytes().size();
      try {
        if (part.begun && operation.opcode < unusual) {
          execute(operation, version, part.frame);
        } else if (part.begun) {
          run_unusual(operation, request.header, part.frame);
          unusual = first_unusual(remembering, asks_for_the_past);  // it may have opened a view
        }
      } catch (const std::bad_alloc&) {
        // For its answer: what changes something and has a long answer answers first.
        part.frame.bytes().drop_back(part.frame.bytes().size() - before);
        wire::append_error(part.frame.bytes(), errc::out_of_memory);
      }
      part.latest = version;
      part.newest = std::max(part.newest, version);
      ++part.frame.header.count;
    }
    left -= static_cast<std::uint32_t>(count);
  }
  operations_run_ += request.header.count;
  end_part(std::move(part), request, to_disk, true, replies);
  return {};
}

Dispatcher::Part Dispatcher::begin_part(const wire::Frame& request, ReplySink& replies) {
  Part part{wire::Frame(replies.take_buffer()), store_.begin_batch(), 0, 0, 0};
  part.frame.header.kind = wire::FrameKind::reply;
  part.frame.header.node = node_;
  part.frame.header.epoch = epoch_;
  part.frame.header.slot = request.header.slot;
  part.frame.header.sequence = request.header.sequence;
  return part;
}

void Dispatcher::end_part(Part part, const wire::Frame& request, bool to_disk, bool last,
                          ReplySink& replies) {
  if (part.begun) store_.reach(part.newest);
  result<void> committed = part.begun ? store_.end_batch() : part.begun;
  if (committed && to_disk) committed = store_.flush();
  if (!committed) answer_undone(part, request, committed.error());
  part.frame.header.last = last;
  if (tells_stored_bytes_) part.frame.header.stored_bytes = store_.bytes();
  replies.send(std::move(part.frame));
}

/// Replaces the answers of a part of which nothing has happened, or which may not last. Reads are
/// answered all the same: a full disk is no reason not to.
void Dispatcher::answer_undone(Part& part, const wire::Frame& request,
                               const boost::system::error_code& why) {
  ByteBuffer& bytes = part.frame.bytes();
  part.frame.tail = {};
  bytes.drop_back(part.frame.body_size());
  wire::OperationReader reader(request.body(), request.header.count);
  wire::Operation operation;
  for (std::uint32_t i = 0; i < part.first + part.frame.header.count; ++i) {
    if (!reader.next(operation)) return;  // has been inspected: does not happen
    if (i < part.first) continue;
    const bool reads =
        wire::reads_key(operation.opcode) && (operation.flags & wire::read_as_of) == 0;
    store_.set_time(time_at(request.header.sequence + operation.sequence_offset));
    if (part.begun && reads)
      execute_operation(store_, operation, 0, bytes);
    else
      append_errc(bytes, why);
  }
}

void Dispatcher::report(ByteBuffer& to) {
  wire::NodeStatistics statistics;
  statistics.keys = store_.size();
  statistics.stored_bytes = store_.bytes();
  statistics.resident_bytes = resident_bytes();
  statistics.operations = operations_run_;
  statistics.expiring_keys = store_.expiring();
  wire::begin_reply(to, wire::ReplyKind::value, wire::node_statistics_bytes);
  to.drop_back(wire::node_statistics_bytes);
  wire::append_statistics(to, statistics);
}

}  // namespace pkv
