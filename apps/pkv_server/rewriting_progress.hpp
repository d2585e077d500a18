#pragma once

#include "pkv/log.hpp"

#include <chrono>
#include <cstdint>

namespace pkv::server {

/// Tells the log once a second how far a rewriting is, and how long it will still take.
///
/// Thread safety: none.
class RewritingProgress {
 public:
  RewritingProgress(std::uint64_t total, const LogSink& log);

  /// So many more entries have been dealt with.
  void advance(std::uint64_t entries);

 private:
  using Clock = std::chrono::steady_clock;
  void tell();

  const std::uint64_t total_;
  const LogSink& log_;
  const Clock::time_point began_ = Clock::now();
  std::uint64_t done_ = 0;
  Clock::time_point tell_at_;
};

}  // namespace pkv::server
