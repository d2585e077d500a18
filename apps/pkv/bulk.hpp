#pragma once

#include "blocking_client.hpp"
#include "exit_status.hpp"
#include "options.hpp"

namespace pkv::cli {

/// Executes the commands on standard input, many of them under way at once, and prints their
/// answers in order, one a line. Requires: the client is connected.
[[nodiscard]] ExitStatus run_bulk(BlockingClient& client, const Options& options);

}  // namespace pkv::cli
