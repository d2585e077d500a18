#pragma once

#include "mpi/conversation.hpp"
#include "mpi/mortal_worker.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pkv::mpi {

/// Rank 0's view of the workers that die and come back in the tests, which all use the same ones.
/// A test leaves them alive and with nothing to do.
class RebirthRig {
 public:
  explicit RebirthRig(Conversation& conversation);

  [[nodiscard]] Conversation& conversation() noexcept { return conversation_; }
  [[nodiscard]] std::size_t workers() const noexcept { return births_.size(); }
  [[nodiscard]] std::uint32_t epoch(std::size_t worker) const { return births_[worker].epoch; }
  [[nodiscard]] std::size_t deaths() const noexcept { return deaths_; }

  void signal(std::size_t worker, int signal) const;
  void disconnect(std::size_t worker);
  /// Waits for the process that follows on the worker's, and has it serve.
  void revive(std::size_t worker);
  /// As revive(), of a process that is killed at that moment: just before or just after the
  /// transport is told to connect to it.
  void revive_dying(std::size_t worker, bool dies_before);

  /// Whether the worker, not asked for anything, sends the value back.
  [[nodiscard]] bool echoes(std::size_t worker, const std::string& value);

 private:
  void connect(std::size_t worker);

  Conversation& conversation_;
  std::vector<Birth> births_;
  std::size_t deaths_ = 0;
};

/// The one of this process.
[[nodiscard]] RebirthRig& rig();
void set_rig(RebirthRig* rig) noexcept;

}  // namespace pkv::mpi
