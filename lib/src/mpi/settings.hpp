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
  /// See wire::Transport. Zero where a message to a process that is awake costs next to nothing.
  std::size_t least_following_bytes = 0;
  /// Fruitless looks for messages after which a rank looks once more before it sleeps. None: with
  /// more ranks than CPUs each is taken from the process that the message is waited for. Two took
  /// a twentieth more of a worker's time at pipeline 1 and 16, over TCP a tenth.
  std::uint32_t polls_before_sleep = 0;
  /// A worker with more than this in unsent replies runs no further request until some have left.
  std::size_t max_unsent_bytes = std::size_t{64} << 20;
  Waiting waiting = Waiting::automatic;

  /// For ranks that talk over TCP, where every message costs a system call and a wake-up on either
  /// side. What one turn has left behind would else follow as a small message of its own: there
  /// are a third to half as many without, and a tenth more commands per second at pipeline 1 to 64.
  void suit_tcp() noexcept { least_following_bytes = std::size_t{16} << 10; }
};

}  // namespace pkv::mpi
