#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace pkv {

/// A process that has taken over the work of a worker and can be sent commands.
struct WorkerReady {
  /// Which worker, from 0, in the order of ServerOptions::nodes.
  std::size_t worker = 0;
  /// Which process of that worker, counted from 1. Greater than that of any process before it.
  std::uint32_t epoch = 0;
  std::int64_t process_id = 0;
  /// The name of its machine.
  std::string host;
  /// Where it can be reached, for wire::Transport::reconnect(). Opaque bytes, some hundred; empty
  /// where processes cannot be replaced.
  std::string address;
};

/// A process that can no longer do the work of its worker: it has died, or nobody hears of it. What
/// it held is lost, and it will not be heard again even if it lives.
struct WorkerLost {
  std::size_t worker = 0;
  /// Which process of that worker.
  std::uint32_t epoch = 0;
  /// In a few words, for the log.
  std::string why;
  /// Whether another process will soon take its place: its keeper can be reached, and starts one.
  /// Otherwise none will, or not before the keeper can be reached again.
  bool keeper_present = false;
};

}  // namespace pkv
