#pragma once

#include "pkv/log.hpp"

#include "pkv_server/options.hpp"

namespace pkv::server {

/// A sink that writes one line per message, with time, level and rank, where the options say.
///
/// Several ranks may write to one file: lines are appended whole.
/// Errors: throws std::runtime_error if the file cannot be opened.
[[nodiscard]] LogSink open_log(const Options& options, int rank);

}  // namespace pkv::server
