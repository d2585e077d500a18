#pragma once

#include "blocking_client.hpp"
#include "exit_status.hpp"
#include "options.hpp"

namespace pkv::cli {

/// Runs put-file, get-file, ls-files, stat-file, rm-file, verify-files or gc-files.
/// Requires: the client is connected and the action is one of these.
[[nodiscard]] ExitStatus run_file_command(BlockingClient& client, const Options& options);

}  // namespace pkv::cli
