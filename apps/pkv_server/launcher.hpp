#pragma once

#include "pkv_server/options.hpp"

namespace pkv::server {

/// Starts this program under mpiexec, with one rank more than there are workers, and stays as its
/// parent until all of them are gone. Returns the exit status for the process.
///
/// It stands between the user and Hydra: Ctrl-C and SIGTERM become one orderly stop, mpiexec's own
/// death becomes one clear line, and no rank is left behind, even if this process is killed.
[[nodiscard]] int launch(const Options& options, int argument_count, char** arguments);

}  // namespace pkv::server
