#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pkv::server {

/// Judges from what its keeper says whether a worker's process lives and may be used.
///
/// A process that has been given up once stays so: whatever is heard of it later is answered by
/// having it killed, so that two processes never do the work of one worker. Silence is counted in
/// ticks of the caller, not in time, so that a caller that was stopped itself blames nobody.
///
/// Thread safety: none. A value, without any system call. Errors: none.
class WorkerWatch {
 public:
  /// Ticks without a beat after which a process is given up.
  struct Patience {
    unsigned ticks = 8;
    unsigned ticks_at_start = 80;  ///< While it is not ready yet.
    /// Beats without progress, while it owes answers, after which a process is given up. A worker
    /// that waits makes progress twice a second.
    unsigned idle_beats = 10;
  };

  struct Lost {
    std::uint32_t epoch = 0;
    std::string why;
  };

  /// What follows from a report.
  struct Finding {
    std::optional<Lost> lost;   ///< A process that was ready has been given up.
    bool ready = false;         ///< The reported process may be used from now on.
    bool must_restart = false;  ///< The reported process was given up, but may live: end it.
    std::uint32_t epoch = 0;    ///< Of the process that `ready` or `must_restart` means.
  };

  explicit WorkerWatch(Patience patience) : patience_(patience) {}

  [[nodiscard]] Finding started(std::uint32_t epoch);
  /// May be reported again.
  [[nodiscard]] Finding ready(std::uint32_t epoch);
  [[nodiscard]] Finding dead(std::uint32_t epoch, const std::string& how);
  void beat(std::uint32_t epoch, std::uint64_t progress);
  /// To be called regularly. `owes_answers`: it has been sent what it has not answered yet.
  [[nodiscard]] Finding tick(bool owes_answers);

  /// Somebody else has given up this process, and those before it; it is not reported as lost.
  void give_up(std::uint32_t epoch);

  /// The newest process heard of; 0 before the first.
  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }
  /// Whether it may be used.
  [[nodiscard]] bool is_ready() const noexcept { return alive() && announced_; }

 private:
  /// Whether it may live, as far as is known.
  [[nodiscard]] bool alive() const noexcept { return epoch_ > given_up_; }
  [[nodiscard]] std::optional<Lost> lose(const std::string& why);
  void begin(std::uint32_t epoch) noexcept;
  [[nodiscard]] Finding give_up_newest(const std::string& why);

  Patience patience_;
  std::uint32_t epoch_ = 0;
  std::uint32_t given_up_ = 0;  // this one and all before it
  bool announced_ = false;      // the newest has been found ready
  unsigned silent_ticks_ = 0;
  unsigned idle_beats_ = 0;  // in a row
  std::uint64_t progress_ = 0;
};

}  // namespace pkv::server
