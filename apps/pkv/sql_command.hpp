#pragma once

#include "blocking_client.hpp"
#include "exit_status.hpp"
#include "options.hpp"

namespace pkv::cli {

/// Shows the query for the nodes and the one that merges (pkv sql --explain). Needs no server.
[[nodiscard]] ExitStatus explain_sql(const Options& options);

/// Runs a query over the entries of all nodes and prints its result (pkv sql).
/// Requires: the client is connected.
[[nodiscard]] ExitStatus run_sql(BlockingClient& client, const Options& options);

}  // namespace pkv::cli
