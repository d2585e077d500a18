#pragma once

#include "failover/balance.hpp"
#include "failover/schedule.hpp"
#include "failover/timeline.hpp"
#include "load/tally.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pkv::failover {

/// A node as NODES shows it.
struct Node {
  std::int64_t id = 0;
  std::int64_t process_id = 0;
  std::string state;
  std::int64_t epoch = 0;
  std::int64_t deaths = 0;
  std::uint64_t keys = 0;
  std::uint64_t requests = 0;
  double share = 0;   ///< Of the keys whose owner it is on the ring.
  double held = 0;    ///< Of the keys that it holds.
  double weight = 1;  ///< As this program has set it.

  [[nodiscard]] bool is_up() const { return state == "up"; }
};

struct Sample {
  Clock::time_point when;
  std::vector<Node> nodes;
};

/// A time during which the set of nodes did not change.
struct Phase {
  std::string name;
  std::vector<Node> nodes;  ///< At its end; requests are those within the phase.
  Clock::time_point begin;
  Clock::time_point end;
  double ring_peak_to_mean = 0;
  Balance requests;
  Balance keys;
  double answers_per_second = 0;
  Clock::duration longest_wait{};
};

/// What an event did.
struct Outcome {
  Event event;
  Clock::time_point begin;
  Clock::time_point noticed;   ///< Of a killed process: that the server knew. Else as `begin`.
  Clock::time_point copying;   ///< From when on there were copies to make: it was back.
  Clock::time_point complete;  ///< Every key has all its holders.
  Clock::time_point tidy;      ///< And nobody holds one that it shall not.

  double fair_keys = 0;          ///< That must change hands for each node to have its part.
  double planned_keys = 0;       ///< As RING WHATIF said before; of a kill what the node held.
  std::uint64_t moved_keys = 0;  ///< That nodes have got.

  Clock::duration longest_wait{};  ///< Of a client.
  std::uint64_t errors = 0;
  /// While there was something to copy or erase, and in as long a time of the phase before.
  double answers_while_moving = 0;
  double normal_answers = 0;

  [[nodiscard]] double moved_to_fair() const {
    return fair_keys > 0 ? static_cast<double>(moved_keys) / fair_keys : 0;
  }
  [[nodiscard]] double throughput_while_moving() const {
    return normal_answers > 0 ? answers_while_moving / normal_answers : 0;
  }
};

/// Everything that was measured.
struct Results {
  Timeline timeline{Clock::now()};
  std::vector<Phase> phases;      ///< One more than outcomes: before, between and after them.
  std::vector<Outcome> outcomes;  ///< One for each event.
  std::vector<Sample> samples;    ///< What NODES said in the course of time.
  bench::Faults errors;
  bench::Faults wrong_answers;
  std::uint64_t missing = 0;
  std::size_t lost_connections = 0;
};

[[nodiscard]] inline double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace pkv::failover
