#include "pkv_server/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace pkv::server {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::shared_ptr<spdlog::sinks::sink> open_sink(const std::string& file) {
  if (file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
  } catch (const spdlog::spdlog_ex&) {
    throw std::runtime_error("cannot write the log file " + file);
  }
}

}  // namespace

LogSink open_log(const Options& options, int rank) {
  auto logger = std::make_shared<spdlog::logger>("pkv_server", open_sink(options.log_file));
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e rank " + std::to_string(rank) + " %l: %v");
  logger->set_level(spdlog_level(options.log_level));
  logger->flush_on(spdlog::level::trace);  // what was said before a crash is what one wants to read
  return
      [logger](LogLevel level, std::string_view line) { logger->log(spdlog_level(level), line); };
}

}  // namespace pkv::server
