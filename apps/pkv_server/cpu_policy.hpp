#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace pkv::server {

/// Decides on which CPUs the threads of the server may run, where they outnumber the CPUs.
///
/// A command passes through four threads, and waking a thread is cheap on the waker's CPU and dear
/// on another: an interrupt, often a sleeping core, under a hypervisor an exit or two. So the
/// threads are *gathered* on one CPU while that is enough, or while no other is to be had; they are
/// *spread*, which leaves them to the system's scheduler, when one CPU is too little and another
/// has time. A change that has to be undone at once makes the next one wait longer, up to a limit.
///
/// Thread safety: none. A value, without any system call; fed with what was measured.
class CpuPolicy {
 public:
  /// What happened during one interval, in CPUs: 1 is one CPU for the whole interval.
  struct Sample {
    double used_by_us = 0;
    std::vector<double> idle;  ///< Of each CPU, 0 to 1.
  };

  /// The CPU to gather on from now on, as an index into Sample::idle; none to spread. `here` is
  /// where the calling thread runs. Call it once per interval.
  std::optional<std::size_t> next(const Sample& sample, std::size_t here);

 private:
  [[nodiscard]] bool wants_change(const Sample& sample) const noexcept;

  std::optional<std::size_t> gathered_on_;
  unsigned since_change_ = 1000;  // intervals; there was none for long
  unsigned patience_ = 0;         // intervals until the next change
};

}  // namespace pkv::server
