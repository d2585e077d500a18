#pragma once

#include "base/latency_histogram.hpp"
#include "load/schedule.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace pkv::bench {

/// Says which connection begins an operation now, where operations come by a schedule rather than
/// when the server has answered.
///
/// Operations go to the connections that have room in turn. While none has, they wait and keep the
/// time at which they were due: a server that stalls cannot hide it (what Gil Tene calls
/// coordinated omission).
///
/// Thread safety: none.
class OpenLoop {
 public:
  /// An operation to begin.
  struct Turn {
    std::size_t connection;
    Clock::time_point due;
  };

  /// Ends with the operations that are due before `end`, or after as many as given.
  OpenLoop(const Schedule& schedule, Clock::time_point end, std::uint64_t operations,
           std::size_t connections)
      : schedule_(schedule), end_(end), left_(operations), has_room_(connections) {}

  /// The connection has room for one operation or more. It loses its place in the line with its
  /// turn: say so again if it still has room then.
  void add_room(std::size_t connection, Clock::time_point now);

  /// The connection is lost.
  void remove(std::size_t connection);

  /// What to begin now, if anything is due and a connection has room.
  [[nodiscard]] std::optional<Turn> next(Clock::time_point now);

  /// When next() has something again if no connection gets room before; nothing if never.
  [[nodiscard]] std::optional<Clock::time_point> wake_up() const;

  /// No operation is left to begin.
  [[nodiscard]] bool over() const noexcept { return left_ == 0 || schedule_.due() >= end_; }

  /// Gives up on what is left; returns how many operations were due until `now`.
  std::uint64_t abandon(Clock::time_point now);

  /// How late operations began although they were due and a connection had room: what the generator
  /// itself, or a processor that others kept busy, added to the latencies.
  [[nodiscard]] const LatencyHistogram& delays() const noexcept { return delays_; }

 private:
  Schedule schedule_;
  Clock::time_point end_;
  std::uint64_t left_;
  std::deque<std::size_t> line_;  // the connections with room
  std::vector<bool> has_room_;    // whether a connection is in line_
  Clock::time_point room_since_{};
  LatencyHistogram delays_;
};

}  // namespace pkv::bench
