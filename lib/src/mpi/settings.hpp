#pragma once

#include <cstddef>
#include <cstdint>

namespace pkv::mpi {

/// How a rank with nothing to do waits for messages.
enum class Waiting {
  automatic,  ///< Sleeps on UCX's wake-up descriptor where UCX carries the messages, else backs
              ///< off.
  back_off,   ///< Looks again after pauses that grow with the time spent waiting.
};

/// How frames travel. The same on every rank.
struct TransportSettings {
  /// Requests to one worker that may be under way at once, 1 to wire::most_slots. Few let the next
  /// batch grow while the last one travels; with one, worker and coordinator take turns.
  std::uint32_t slots_per_worker = 2;
  /// Largest frame sent as one message, and the size of every posted receive buffer. At least
  /// wire::header_bytes.
  std::size_t preferred_frame_bytes = std::size_t{256} << 10;
  /// Fruitless looks for messages before a rank goes to sleep. Few: with more ranks than CPUs each
  /// look is taken from the process that the message is waited for.
  std::uint32_t polls_before_sleep = 2;
  /// A worker with more than this in unsent replies runs no further request until some have left.
  std::size_t max_unsent_bytes = std::size_t{64} << 20;
  Waiting waiting = Waiting::automatic;
};

}  // namespace pkv::mpi
