#pragma once

#include "pkv/log.hpp"

#include <chrono>

namespace pkv::server {

/// Keeps the place of a rank and runs this program again, with the same arguments, as the process
/// that does its work: see mpi::Keeper and KeeperSettings::orphan_limit. Returns the exit status.
/// Errors: throws std::runtime_error if this is no job in which that is possible.
[[nodiscard]] int run_keeper(const LogSink& log, std::chrono::milliseconds orphan_limit,
                             char** arguments);

}  // namespace pkv::server
