#pragma once

#include <algorithm>
#include <chrono>

namespace pkv::mpi {

/// How long to wait before a process that has died is started again: not at all the first time,
/// longer and longer if the new ones die at once too.
///
/// Thread safety: none. A value.
class RestartPause {
 public:
  explicit RestartPause(std::chrono::milliseconds longest) : longest_(longest) {}

  /// To be called at each death.
  std::chrono::milliseconds after(std::chrono::steady_clock::duration lifetime) {
    if (lifetime > long_enough) next_ = {};
    const std::chrono::milliseconds pause = next_;
    next_ = std::min(std::max(2 * next_, shortest), longest_);
    return pause;
  }

 private:
  static constexpr std::chrono::milliseconds shortest{50};
  /// Who has lived this long did not die of how it was started.
  static constexpr std::chrono::seconds long_enough{2};

  std::chrono::milliseconds longest_;
  std::chrono::milliseconds next_{};
};

}  // namespace pkv::mpi
