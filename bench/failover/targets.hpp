#pragma once

#include "failover/results.hpp"
#include "failover/settings.hpp"

#include <string>
#include <vector>

namespace pkv::failover {

/// Something that the store promises, and what was measured.
struct Target {
  std::string name;
  double limit = 0;
  double measured = 0;
  bool at_least = false;  ///< The limit is the least, else the most.
  std::string unit;
  std::string worst;  ///< The event or phase that it was measured at; may be empty.

  [[nodiscard]] bool met() const { return at_least ? measured >= limit : measured <= limit; }
};

/// All of them. Where keys may be lost, without replicas, errors are none, and where keys were lost
/// it says nothing how even those are that are left.
[[nodiscard]] std::vector<Target> judge(const Settings& settings, const Results& results);

}  // namespace pkv::failover
