#pragma once

#include <chrono>
#include <cstddef>

namespace pkv {

/// What a store accepts from its clients. The same on every rank.
///
/// Everything that a client can make grow has a limit here; what exceeds one is answered with an
/// error and costs at most the offending connection.
struct Limits {
  std::size_t max_key_bytes = std::size_t{64} << 10;
  std::size_t max_value_bytes = std::size_t{512} << 20;
  /// Longest line of the inline form, its line end included.
  std::size_t max_inline_bytes = std::size_t{64} << 10;
  /// Most arguments of one command, its name included.
  std::size_t max_arguments = std::size_t{1} << 20;
  /// Connections served at once; further ones get an error and are closed.
  std::size_t max_clients = 10'000;
  /// Commands of one client that may be under way at once; further ones wait unread.
  std::size_t max_client_commands = 4'096;
  /// A client with more than this in replies it has not read gets no further commands executed.
  std::size_t client_output_pause_bytes = std::size_t{4} << 20;
  /// A client that lets more than this pile up all the same is disconnected.
  std::size_t client_output_limit_bytes = std::size_t{1} << 30;
  /// How long a pipelining client's replies may wait for those right behind them, so that they
  /// leave together. Zero: they never wait.
  std::chrono::microseconds reply_delay{200};
  /// Received bytes of unfinished large commands, all clients together; further ones wait their
  /// turn. A single command beyond this is refused, unless it is no more than one key and value.
  std::size_t total_input_bytes = std::size_t{2} << 30;
  /// A client that stops sending in the middle of such a command for this long is disconnected.
  std::chrono::milliseconds stalled_input_timeout{60'000};
  /// A client that is to be disconnected but takes no reply for this long is disconnected at once.
  std::chrono::milliseconds stalled_output_timeout{10'000};
  /// Bytes of commands waiting for one worker; clients that want that worker wait unread.
  std::size_t max_worker_queue_bytes = std::size_t{4} << 20;
  /// A worker that has not answered for this long is reported to the clients that wait for it.
  std::chrono::milliseconds reply_timeout{10'000};
};

/// The largest settings that the formats can carry: the length fields of a stored record.
inline constexpr std::size_t largest_max_key_bytes = (std::size_t{1} << 17) - 1;
inline constexpr std::size_t largest_max_value_bytes = (std::size_t{1} << 30) - 1;

}  // namespace pkv
