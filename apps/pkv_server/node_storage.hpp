#pragma once

#include "pkv/log.hpp"
#include "pkv/storage_engine.hpp"

#include "pkv_server/options.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace pkv::server {

/// Opens what node `node` keeps its entries in. A process that has taken the place of another
/// (`epoch` beyond the first) starts empty if others have the entries too: they were written to
/// without it. Errors: throws std::exception that says what to do.
[[nodiscard]] std::unique_ptr<StorageEngine> open_engine(const Options& options, std::uint32_t node,
                                                         std::uint32_t epoch, const LogSink& log);

/// Throws std::runtime_error if the file holds versions that a job which starts now would give
/// again, as the clock is behind what it was.
void check_clock(const std::string& file, Version newest_version);

}  // namespace pkv::server
