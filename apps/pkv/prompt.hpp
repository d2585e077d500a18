#pragma once

#include "blocking_client.hpp"
#include "exit_status.hpp"
#include "options.hpp"

namespace pkv::cli {

/// Executes what a person types at a terminal, command by command, until they leave. A lost
/// connection is made anew with the next command. Requires: the client is connected.
[[nodiscard]] ExitStatus run_prompt(BlockingClient& client, const Options& options);

}  // namespace pkv::cli
