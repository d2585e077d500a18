#pragma once

#include "failover/results.hpp"
#include "failover/targets.hpp"

#include <span>
#include <string>

namespace pkv::failover {

/// Phases, events, and what went wrong, for people.
[[nodiscard]] std::string tables_of(const Results& results);

/// Each target, and whether it was met.
[[nodiscard]] std::string table_of(std::span<const Target> targets);

}  // namespace pkv::failover
