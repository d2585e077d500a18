#pragma once

#include "pkv_server/options.hpp"

#include <cstddef>

namespace pkv::server {

// What has to be done on the folder of a store that lasts before its nodes open their files. The
// launcher does it. Where there is none, as mpiexec has started the ranks by itself, rank 0 does
// what cannot be left undone, while the others wait.

/// For the launcher: sees to it that the server can start on its folder; throws std::exception, in
/// words, if it cannot.
void prepare_data(const Options& options);

/// For each rank of a job, before it does anything else: returns when the files are those of nodes
/// as the options want them. Rank 0 sees to that. False if it cannot be: then rank 0 has said why,
/// and the job ends.
[[nodiscard]] bool prepare_data_of_rank(const Options& options, int rank);

/// With files there are no more copies than nodes; so that a node which is the only one does not
/// rely on others.
[[nodiscard]] Options with_possible_replicas(Options options, std::size_t workers);

}  // namespace pkv::server
