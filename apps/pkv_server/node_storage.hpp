#pragma once

#include "pkv/log.hpp"
#include "pkv/storage_engine.hpp"

#include "pkv_server/options.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace pkv::server {

/// Opens what node `node` keeps its entries in. A process that has taken the place of another
/// (`epoch` beyond the first) starts empty if others have the entries too: they were written to
/// without it. One that cannot rely on its file any more ends, so that the next one does that.
/// Errors: throws std::exception that says what to do.
[[nodiscard]] std::unique_ptr<StorageEngine> open_engine(const Options& options, std::uint32_t node,
                                                         std::uint32_t epoch, const LogSink& log);

/// Throws std::runtime_error if the file holds versions that a job which starts now would give
/// again, as the clock is behind what it was.
void check_clock(const std::string& file, Version newest_version);

/// Whether a node's file is not there. One of length 0 is taken for new, which suits a node only
/// if no others have been written to without it.
[[nodiscard]] bool is_missing(const std::filesystem::path& file, std::size_t replicas);

}  // namespace pkv::server
