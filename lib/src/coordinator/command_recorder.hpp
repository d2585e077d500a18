#pragma once

#include "base/byte_buffer.hpp"
#include "coordinator/conversation.hpp"
#include "coordinator/coordinator.hpp"
#include "wire/operation.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace pkv {

/// Gives every node that takes part in a command a record of what that writes at all of them, in
/// front of the node's own part: so that a node which has kept its part when all were killed can
/// tell what others are lacking. For nodes whose entries outlive their processes.
///
///     CommandRecorder recorder(coordinator);
///     recorder.add(ways, operations);
///     coordinator.begin_command();
///     recorder.append();
///     coordinator.append(...);   // the operations
///
/// A command that cannot be torn needs none: it writes at one node, or the same node has the last
/// word on all of its keys as they have the same holders. Of one that is very long no record is
/// made, as every node would be sent all of it.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: `coordinator` must outlive it.
/// Errors: throws std::bad_alloc while it is being filled.
class CommandRecorder {
 public:
  /// Of one command, all of its records together.
  static constexpr std::size_t most_bytes = std::size_t{64} << 20;

  explicit CommandRecorder(Coordinator& coordinator) : coordinator_(coordinator) {}

  /// The command is of these operations, each on its way. Requires: as many ways.
  void add(std::span<const Coordinator::Way> ways, std::span<const wire::Operation> operations);
  /// The command is of these operations, each for a node.
  void add(std::span<const NodeOperation> operations);

  /// Appends the records, if there are any. Requires: the command was the last one to begin.
  void append();

 private:
  void record(std::span<const std::size_t> workers, const wire::Operation& operation);

  Coordinator& coordinator_;
  ByteBuffer value_;  // of the records' operation
  std::vector<bool> takes_part_;
  std::vector<NodeId> nodes_;
};

}  // namespace pkv
