#pragma once

#include "blocking_client.hpp"
#include "exit_status.hpp"
#include "options.hpp"

namespace pkv::cli {

/// Runs export, import or snapshot. Requires: the client is connected.
[[nodiscard]] ExitStatus run_entry_command(BlockingClient& client, const Options& options);

/// Writes all entries of the store, as they are at one moment, as lines of JSON.
[[nodiscard]] ExitStatus export_entries(BlockingClient& client, const Options& options);

/// Stores what such lines say.
[[nodiscard]] ExitStatus import_entries(BlockingClient& client, const Options& options);

}  // namespace pkv::cli
