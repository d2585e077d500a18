#pragma once

#include "pkv_server/options.hpp"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

/// The options of pkv_server by groups: each function adds those of one.
namespace pkv::server {

/// Options that the parser writes in other types than the settings have.
struct RawOptions {
  std::string points = "auto";
  std::uint32_t heartbeat_limit_ms = 0;
  std::uint32_t orphan_limit_ms = 0;
  std::uint32_t reply_timeout_ms = 0;
  std::uint32_t reply_delay_us = 0;
};

/// A check of which --help does not show the bounds: they are so wide that they only distract.
template <class Number>
CLI::Validator between(Number least, Number most) {
  return CLI::Range(least, most).description("");
}

/// Accepts 65536, 64KiB, 64k; all units are powers of 1024.
CLI::Option* add_size(CLI::App& app, const char* name, std::size_t& bytes, const char* text);

// worker_options.cpp
void add_worker_options(CLI::App& app, Options& options, RawOptions& raw);
void add_loss_options(CLI::App& app, Options& options, RawOptions& raw);

// storage_options.cpp
void add_storage_options(CLI::App& app, Options& options);
void add_snapshot_options(CLI::App& app, Options& options);
void add_memory_option(CLI::App& app, Options& options);
/// Throws CLI::ValidationError if those about storage do not go together.
void check_storage_options(const CLI::App& app, const Options& options);

}  // namespace pkv::server
