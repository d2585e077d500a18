#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace pkv::server {

/// Decides on which CPUs the threads of the server may run, where they outnumber the CPUs.
///
/// A command is handed from thread to thread four times, and waking one is cheap on the waker's CPU
/// and dear on another: an interrupt, often a sleeping core, under a hypervisor an exit or two. So
/// the threads are *gathered* on one CPU while they have little to do. Under load it depends: many
/// small commands go faster on one CPU although another has time, few large ones do not. What looks
/// promising is tried and kept if it did more; each trial that fails makes the next one wait
/// longer, up to a limit. Threads that are not gathered are left to the system's scheduler.
///
/// Thread safety: none. A value, without any system call; fed with what was measured.
class CpuPolicy {
 public:
  /// What happened during one interval.
  struct Sample {
    double used_by_us = 0;     ///< In CPUs: 1 is one CPU for the whole interval.
    std::vector<double> idle;  ///< Of each CPU, 0 to 1.
    double work_rate = 0;      ///< Work done per time, in any unit.
  };

  /// The CPU to gather on from now on, as an index into Sample::idle; none to spread. `here` is
  /// where the calling thread runs. Call it once per interval.
  std::optional<std::size_t> next(const Sample& sample, std::size_t here);

 private:
  [[nodiscard]] bool is_promising(const Sample& sample) const noexcept;
  void change(std::size_t here);
  void judge(const Sample& sample, std::size_t here);

  std::optional<std::size_t> gathered_on_;
  unsigned rest_ = 0;           // intervals until a change is considered again
  unsigned failures_rest_ = 0;  // what the last of a row of failures made of it
  unsigned trial_ = 0;          // intervals until the trial under way is judged; 0 if there is none
  double rate_before_ = 0;
};

}  // namespace pkv::server
