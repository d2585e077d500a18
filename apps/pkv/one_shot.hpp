#pragma once

#include "blocking_client.hpp"
#include "exit_status.hpp"
#include "options.hpp"

namespace pkv::cli {

/// Executes the one command that the options ask for: the result goes to standard output, an error
/// to standard error. Requires: options.action is not talk; the client is connected.
[[nodiscard]] ExitStatus run_one_shot(BlockingClient& client, const Options& options);

}  // namespace pkv::cli
