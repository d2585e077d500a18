#pragma once

#include "coordinator/placement.hpp"

namespace pkv {

/// The same routes, with the targets that the goal says: the circle is cut wherever either has to
/// be, and joined where no difference is left.
[[nodiscard]] RouteTable recut(const RouteTable& table, const PlacementGoal& goal);

}  // namespace pkv
