#pragma once

#include "pkv/ring.hpp"

#include "coordinator/copy_pace.hpp"
#include "coordinator/order_port.hpp"
#include "coordinator/rig.hpp"
#include "coordinator/transfer_plan.hpp"
#include "coordinator/worker_queue.hpp"
#include "support/faulty_transport.hpp"
#include "wire/copying.hpp"
#include "wire/operation.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pkv::test {

inline constexpr std::uint64_t last_ring_position = std::numeric_limits<std::uint64_t>::max();

/// Small pages, and failures that are soon over.
inline CopySettings small_copy_settings() {
  using namespace std::chrono_literals;
  CopySettings settings;
  settings.least_page_bytes = 300;
  settings.most_page_bytes = 1'000;
  settings.most_page_entries = 40;
  settings.most_held_bytes = 2'000;
  settings.short_queue_bytes = 500;
  settings.first_pause = 5ms;
  settings.longest_pause = 20ms;
  return settings;
}

/// Counts answers and thinks nothing of them.
class Bystander final : public ReplyReceiver {
 public:
  void on_reply(std::uint32_t, std::uint32_t, const wire::WireReply&, const SharedFrame&) override {
    ++answers;
  }
  void on_room() override {}

  std::size_t answers = 0;
};

/// A total order over in-process stores, whose turns, answers and faults are the test's.
struct CopyRig final : OrderPort {
  /// What becomes of an operation that is about to be appended for a worker.
  enum class Fate {
    run,
    refused,  ///< Answered with out_of_memory before append() returns.
    failed,   ///< Answered with malformed_frame in its turn, without effect.
    garbled,  ///< Answered with a value that means nothing, without effect.
  };

  explicit CopyRig(std::size_t workers) : transport(node_ids(workers)) {
    for (std::size_t worker = 0; worker < workers; ++worker)
      queues.emplace_back(transport, worker, node_ids(workers)[worker], 1);
  }

  void append(std::size_t worker, const wire::Operation& operation,
              const ReplyAddress& address) override {
    append_at(worker, operation, ++sequence, address);
  }
  void append_at(std::size_t worker, const wire::Operation& operation, std::uint64_t place,
                 const ReplyAddress& address) override {
    ++asked[{worker, operation.opcode}];
    wire::Operation appended = operation;
    switch (fate_of(worker, operation)) {
      case Fate::run:
        break;
      case Fate::refused: {
        wire::WireReply refusal;
        refusal.kind = wire::ReplyKind::error;
        refusal.error = errc::out_of_memory;
        address.receiver->on_reply(address.ticket, address.part, refusal, SharedFrame());
        return;
      }
      case Fate::failed:
        appended.opcode = wire::Opcode::increment;
        appended.value = "no addend";
        break;
      case Fate::garbled:
        appended.opcode = wire::Opcode::statistics;
        appended.value = {};
        break;
    }
    queues[worker].append(appended, place, address, time);
  }
  [[nodiscard]] std::size_t waiting_bytes(std::size_t worker) const override {
    return feigned_waiting_bytes.value_or(queues[worker].waiting_bytes());
  }
  [[nodiscard]] Clock::time_point now() const override { return time; }

  /// One turn of the event loop, a millisecond later.
  void turn() {
    time += std::chrono::milliseconds(1);
    for (WorkerQueue& queue : queues)
      queue.send(0);
    transport.flush();
    std::vector<wire::Arrival> arrivals;
    transport.collect(arrivals);
    for (wire::Arrival& arrival : arrivals) {
      WorkerQueue& queue = queues[arrival.worker];
      queue.deliver(std::move(arrival));
    }
  }
  /// Turns until everything has been answered. Requires: the transport answers by itself.
  void settle() {
    do {
      turn();
    } while (!idle());
  }
  [[nodiscard]] bool idle() const {
    for (const WorkerQueue& queue : queues)
      if (!queue.idle()) return false;
    return true;
  }
  [[nodiscard]] std::size_t times_asked(std::size_t worker, wire::Opcode opcode) const {
    const auto found = asked.find({worker, opcode});
    return found == asked.end() ? 0 : found->second;
  }

  FaultyTransport transport;
  std::deque<WorkerQueue> queues;
  std::uint64_t sequence = 1'000;
  Clock::time_point time = Clock::time_point(std::chrono::hours(1));
  std::function<Fate(std::size_t worker, const wire::Operation&)> fate_of =
      [](std::size_t, const wire::Operation&) { return Fate::run; };
  std::optional<std::size_t> feigned_waiting_bytes;
  std::map<std::pair<std::size_t, wire::Opcode>, std::size_t> asked;
};

struct Stored {
  std::string value;
  std::uint64_t version = 0;

  friend bool operator==(const Stored&, const Stored&) = default;
};
using Entries = std::map<std::string, Stored>;

/// All entries of a worker as of the place in the order at which it was made.
class Dump final : public ReplyReceiver {
 public:
  Dump(CopyRig& rig, std::size_t worker) {
    constexpr std::uint32_t set = 1'000'000;
    ByteBuffer all;
    wire::append_ranges(all, set, std::vector<wire::RingRange>{{0, last_ring_position}});
    wire::Operation operation;
    operation.opcode = wire::Opcode::define_ranges;
    operation.value = all.view();
    rig.append(worker, operation, {this, 0, 0});
    ByteBuffer request;
    wire::append_copy_request(request, {set, 0, wire::scan_end, 100'000'000, 100'000'000});
    operation.opcode = wire::Opcode::copy_page;
    operation.value = request.view();
    rig.append(worker, operation, {this, 0, 1});
  }

  void on_reply(std::uint32_t, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame&) override {
    if (part == 0) return;
    wire::PageReader reader(reply.value);
    wire::CopiedEntry entry;
    while (reader.next(entry))
      entries[std::string(entry.key)] = {std::string(entry.value), entry.version};
    complete = reader.complete() && reader.next_position() == wire::scan_end;
  }
  void on_room() override {}

  Entries entries;
  bool complete = false;
};

[[nodiscard]] inline bool covers(const RingRanges& ranges, std::string_view key) {
  const std::uint64_t position = Ring::position(key);
  for (const RingRange& range : ranges)
    if (range.first <= position && position <= range.last) return true;
  return false;
}

/// Some ranges that cover about half the ring.
inline RingRanges random_ranges(std::mt19937_64& random, std::size_t pieces) {
  std::vector<std::uint64_t> ends;
  for (std::size_t i = 0; i < 2 * pieces; ++i)
    ends.push_back(random());
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  RingRanges ranges;
  for (std::size_t i = 0; i + 1 < ends.size(); i += 2)
    ranges.push_back({ends[i], ends[i + 1]});
  return ranges;
}

/// The ranges' pieces, dealt out in turn.
inline std::vector<std::shared_ptr<const RingRanges>> dealt(const RingRanges& ranges,
                                                            std::size_t hands) {
  std::vector<std::shared_ptr<RingRanges>> parts;
  for (std::size_t i = 0; i < hands; ++i)
    parts.push_back(std::make_shared<RingRanges>());
  for (std::size_t i = 0; i < ranges.size(); ++i)
    parts[i % hands]->push_back(ranges[i]);
  return {parts.begin(), parts.end()};
}

}  // namespace pkv::test
