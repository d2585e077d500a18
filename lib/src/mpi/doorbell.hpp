#pragma once

#include <atomic>

namespace pkv::mpi {

/// Wakes the MPI thread when another thread has work for it, at the price of a system call only if
/// it really sleeps.
///
/// The sleeper calls lie_down(), looks for work once more, sleeps on descriptor() if there is none,
/// and calls get_up(). Others first put their work where the sleeper will look, then ring().
///
/// Thread safety: ring() may be called from any thread, the others from the sleeper only. Work must
/// be handed over under a lock or with sequential consistency, or the last look may miss it.
/// Errors: the constructor throws std::system_error when there is no descriptor left.
class Doorbell {
 public:
  Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;
  ~Doorbell();

  /// Readable after a ring.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  void ring() noexcept;

  void lie_down() noexcept { asleep_.store(true); }  // pairs with the exchange in ring()

  void get_up() noexcept;

 private:
  int descriptor_;
  std::atomic<bool> asleep_{false};
};

}  // namespace pkv::mpi
