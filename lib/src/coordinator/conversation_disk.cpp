#include "coordinator/commands/every_node.hpp"
#include "coordinator/conversation.hpp"
#include "protocol/error_text.hpp"

#include <algorithm>

// How durable a client's writes are.

namespace pkv {

void Conversation::set_durability(Durability level) noexcept {
  durability_ = std::max(level, service_.durability);
  write_flags_ = service_.write_flags(durability_);
}

Outcome Conversation::wait_for_disk(std::chrono::milliseconds patience) {
  Coordinator& coordinator = service_.coordinator;
  wire::Operation sync;
  sync.opcode = wire::Opcode::sync;
  sync.flags = wire::on_disk;
  const auto operations = commands::at_every_node(service_, sync);
  // What nobody holds now may have been written before its node was lost.
  if (operations.empty() || coordinator.placement().unheld_share() > 0)
    return reply_error(error_text::of(errc::node_down));
  for (const NodeOperation& one : operations)
    if (!coordinator.has_room(one.worker)) return wait_for_room(one.worker);

  coordinator.begin_command();
  const std::uint32_t ticket = replies_.add(kind_, coordinator.now());
  std::optional<DiskWaits::Clock::time_point> deadline;
  if (patience.count() > 0) deadline = coordinator.now() + patience;
  const ReplyAddress address = service_.disk_waits.add(*this, ticket, operations.size(), deadline,
                                                       coordinator.settings().replicas > 1);
  for (const NodeOperation& one : operations)
    coordinator.append_to(one.worker, one.operation, address);
  return Outcome::done;
}

}  // namespace pkv
