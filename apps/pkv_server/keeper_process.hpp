#pragma once

#include "pkv/log.hpp"

#include "pkv_server/options.hpp"

namespace pkv::server {

/// Keeps the place of a rank and runs this program again, with the same arguments, as the process
/// that does its work: see mpi::Keeper. Returns the exit status.
/// Errors: throws std::runtime_error if this is no job in which that is possible.
[[nodiscard]] int run_keeper(const LogSink& log, const Options& options, char** arguments);

}  // namespace pkv::server
