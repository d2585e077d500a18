#pragma once

#include "pkv_server/cpu_policy.hpp"

#include <chrono>
#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace pkv::server {

/// Measures how much processor time some processes use, how much of some CPUs is left idle and how
/// much work is done.
///
/// Thread safety: none. Errors: what cannot be read counts as no time.
class CpuClocks {
 public:
  CpuClocks(std::vector<pid_t> processes, std::vector<int> cpus);

  /// What happened since the last call, or the construction. `work_done` counts up.
  [[nodiscard]] CpuPolicy::Sample sample(std::uint64_t work_done);

 private:
  struct Reading {
    std::chrono::steady_clock::time_point at;
    std::chrono::nanoseconds used{};
    std::vector<std::chrono::nanoseconds> idle;
  };
  [[nodiscard]] Reading read() const;

  std::vector<pid_t> processes_;
  std::vector<int> cpus_;
  Reading last_;
  std::uint64_t work_done_ = 0;
};

}  // namespace pkv::server
