#pragma once

#include "pkv/log.hpp"
#include "pkv/storage_engine.hpp"

#include "mpi/environment.hpp"
#include "pkv_server/options.hpp"

#include <memory>

namespace pkv::server {

/// Holds the data of one node and serves the coordinator until it says goodbye. The node's id is
/// the rank. Leaves the process with status 1 if the traffic with the coordinator breaks down.
void run_worker(const Options& options, const mpi::Environment& environment,
                std::unique_ptr<StorageEngine> engine, const LogSink& log);

/// The same where worker processes that die are replaced: this process has a keeper. Initialises
/// MPI itself, and leaves the process when it has done. Errors: throws std::exception if it cannot
/// begin.
[[noreturn]] void run_lasting_worker(const Options& options, int argument_count, char** arguments,
                                     const LogSink& log);

}  // namespace pkv::server
