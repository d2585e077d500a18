#pragma once

#include "failover/settings.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pkv::failover {

enum class Change { fail, restore, kill, drain, weight };

/// One thing that happens to one node.
struct Event {
  Change change = Change::fail;
  std::int64_t node = 0;
  double weight = 1;  ///< That the node has from then on.

  friend bool operator==(const Event&, const Event&) = default;
};

/// The events of a run: rounds in which every disturbance comes once, in an order and to nodes that
/// the seed decides, and is undone.
[[nodiscard]] std::vector<Event> make_schedule(const Settings& settings,
                                               std::span<const std::int64_t> nodes);

/// As "fail node 3".
[[nodiscard]] std::string to_text(const Event& event);

}  // namespace pkv::failover
