#include "coordinator/replica_replies.hpp"

#include "coordinator/fault.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pkv {

std::uint32_t ReplicaReplies::expect(const ReplyAddress& client, const WorkerList& workers) {
  assert(!workers.empty());
  if (free_.empty()) {
    free_.reserve(writes_.size() + 1);  // so that finish() never needs memory
    writes_.emplace_back();
    free_.push_back(static_cast<std::uint32_t>(writes_.size() - 1));
  }
  const std::uint32_t ticket = free_.back();
  free_.pop_back();
  Write& write = writes_[ticket];
  write.client = client;
  write.workers = workers;
  write.missing = static_cast<std::uint8_t>(workers.size());
  write.failed = 0;
  write.answered = false;
  write.failure = errc::node_down;
  return ticket;
}

std::vector<WorkerIndex> ReplicaReplies::take_diverged() {
  return std::exchange(diverged_, {});
}

void ReplicaReplies::on_reply(std::uint32_t ticket, std::uint32_t part,
                              const wire::WireReply& reply, const SharedFrame& frame) {
  Write& write = writes_[ticket];
  assert(write.missing > 0);
  if (--write.missing > 0) {
    note(write, part, reply, frame);
    return;
  }
  const bool ran = reply.kind != wire::ReplyKind::error || !is_fault_of_worker(reply.error);
  if (!ran) {
    note(write, part, reply, frame);
    finish(ticket);
    return;
  }
  // The usual case: nothing of the last answer is kept.
  if (write.failed != 0) report_failed(write);
  const ReplyAddress client = write.client;
  write.frame = SharedFrame();
  free_.push_back(ticket);
  client.receiver->on_reply(client.ticket, client.part, reply, frame);
}

void ReplicaReplies::note(Write& write, std::uint32_t part, const wire::WireReply& reply,
                          const SharedFrame& frame) {
  if (reply.kind == wire::ReplyKind::error && reply.error == errc::node_down) return;
  if (reply.kind == wire::ReplyKind::error && is_fault_of_worker(reply.error)) {
    write.failed = static_cast<std::uint8_t>(write.failed | (1U << part));
    write.failure = reply.error;
    return;
  }
  if (write.answered) return;
  write.answered = true;
  write.answer = reply;
  if (!reply.value.empty()) write.frame = frame;
}

/// Holders that failed differ from those that did not.
void ReplicaReplies::report_failed(const Write& write) {
  unsigned part = 0;
  for (const WorkerIndex worker : write.workers) {
    const bool failed = (write.failed >> part++ & 1U) != 0;
    if (failed && std::ranges::find(diverged_, worker) == diverged_.end())
      diverged_.push_back(worker);
  }
}

/// Passes on what has been noted, after a last answer that says nothing.
void ReplicaReplies::finish(std::uint32_t ticket) {
  Write& write = writes_[ticket];
  if (write.answered && write.failed != 0) report_failed(write);
  const ReplyAddress client = write.client;
  wire::WireReply answer;
  if (write.answered) {
    answer = write.answer;
  } else {
    answer.kind = wire::ReplyKind::error;
    answer.error = write.failure;
  }
  // The receiver may begin another write, which may move this one.
  const SharedFrame frame = std::exchange(write.frame, SharedFrame());
  free_.push_back(ticket);
  client.receiver->on_reply(client.ticket, client.part, answer, frame);
}

}  // namespace pkv
