#pragma once

#include "pkv/log.hpp"

#include "pkv_server/next_files.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace pkv::server {

/// Whose commands are to be completed.
struct CommandCompletion {
  std::filesystem::path folder;
  /// Those whose files count.
  std::vector<std::uint32_t> nodes;
  /// Commands up to this place in the order need nothing.
  std::uint64_t settled_until = 0;
  LogSink log;
  StepWatch step;
};

/// Completes the commands that had come to some nodes and not to others when all were killed, and
/// returns how many they were. Nobody was told that they failed, and somebody may have read a part.
///
/// A node keeps what it does in the order of all commands. So it has its part of all those up to
/// the newest place that its file tells, and of none beyond. What is missing is in the records that
/// other nodes have kept with their parts; it is done in the order, at the command's own time.
///
/// May be killed at any moment and called again: a node's newest place rises with each command, and
/// the records go when all nodes have what is in them. All is on the disk when this returns.
///
/// Requires: nobody has the files open; they are sound.
/// Errors: throws std::runtime_error, in words that say what to do. What a damaged file does not
/// take is left out, and the log says so.
[[nodiscard]] std::uint64_t complete_commands(const CommandCompletion& what);

}  // namespace pkv::server
