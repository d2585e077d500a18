#pragma once

#include "mpi/environment.hpp"
#include "pkv_server/options.hpp"

#include <vector>

namespace pkv::server {

/// Takes clients until SIGINT or SIGTERM, then answers what is under way and sends the workers
/// home.
///
/// Returns the exit status, once all workers have left and MPI has been finalized. If the end takes
/// longer than it may, or a worker does not answer, it leaves the process with status 1 instead.
/// A start that fails (port taken, no permission, ...) is reported in one line on standard error.
[[nodiscard]] int run_coordinator(const Options& options, mpi::Environment& environment,
                                  const std::vector<mpi::Process>& processes);

/// The same where worker processes that die are replaced: this process has a keeper, and so have
/// the others. Initialises MPI itself, and leaves the process with the exit status.
/// Errors: throws std::exception if it cannot begin.
[[noreturn]] void run_lasting_coordinator(const Options& options, int argument_count,
                                          char** arguments);

}  // namespace pkv::server
