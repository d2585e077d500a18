#pragma once

#include "torture/run.hpp"

#include <cstdint>
#include <vector>

namespace pkv::torture {

/// Erases all keys, so that histories begin with nothing. Throws if the server cannot.
void erase_all(std::uint16_t port, const std::vector<Subject>& subjects);

/// Once nobody writes any more and all nodes are up: reads every key, several times, so that
/// replicas are asked too, and adds that to the histories. So a write that was acknowledged and
/// lost makes a history that cannot be explained. Counts what the counters have come to by itself.
void audit(std::uint16_t port, const std::vector<Subject>& subjects,
           std::vector<History>& histories, RunReport& report);

/// Checks all histories, on all processors.
void check_all(const std::vector<Subject>& subjects, const std::vector<History>& histories,
               Clock::time_point beginning, RunReport& report);

}  // namespace pkv::torture
