#include "coordinator/command_recorder.hpp"

#include "coordinator/discard_replies.hpp"
#include "wire/command_writes.hpp"

#include <algorithm>
#include <array>

namespace pkv {

void CommandRecorder::add(std::span<const Coordinator::Way> ways,
                          std::span<const wire::Operation> operations) {
  if (operations.empty() || !wire::writes(operations.front().opcode)) return;
  const WorkerList& first = ways.front().route->holders();
  const auto has_others = [&first](const Coordinator::Way& way) {
    return way.route->holders() != first;
  };
  if (std::ranges::none_of(ways, has_others)) return;
  std::size_t bytes = 0;
  for (const wire::Operation& operation : operations)
    bytes += wire::recorded_bytes(operation, max_replicas);
  if (bytes > most_bytes / coordinator_.worker_count()) return;
  value_.reserve(wire::record_head_bytes + bytes);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    std::array<std::size_t, max_replicas> workers{};
    const WorkerList& holders = ways[i].route->holders();
    std::ranges::copy(holders, workers.begin());
    record({workers.data(), holders.size()}, operations[i]);
  }
}

void CommandRecorder::add(std::span<const NodeOperation> operations) {
  if (operations.size() < 2 || !wire::writes(operations.front().operation.opcode)) return;
  for (const NodeOperation& one : operations)
    record({&one.worker, 1}, one.operation);
}

void CommandRecorder::record(std::span<const std::size_t> workers,
                             const wire::Operation& operation) {
  if (value_.empty()) wire::begin_record(value_, coordinator_.settled_sequence());
  takes_part_.resize(coordinator_.worker_count());
  nodes_.clear();
  for (const std::size_t worker : workers) {
    takes_part_[worker] = true;
    nodes_.push_back(coordinator_.nodes()[worker].id);
  }
  wire::append_recorded(value_, nodes_, operation);
}

void CommandRecorder::append() {
  wire::Operation record;
  record.opcode = wire::Opcode::record;
  record.value = value_.view();
  for (std::size_t worker = 0; worker < takes_part_.size(); ++worker)
    if (takes_part_[worker]) coordinator_.append_to(worker, record, discarded_reply());
}

}  // namespace pkv
