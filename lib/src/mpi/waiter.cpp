#include "mpi/waiter.hpp"

#include <algorithm>
#include <array>
#include <poll.h>

#ifdef PKV_HAVE_UCX
#include "mpi/ucx_worker.hpp"
#endif

namespace pkv::mpi {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// poll() with nanoseconds; descriptors of -1 are ignored. Signals end it early.
void wait_for(int first, int second, nanoseconds at_most) noexcept {
  std::array<pollfd, 2> watched{pollfd{first, POLLIN, 0}, pollfd{second, POLLIN, 0}};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at_most);
  const timespec timeout{seconds.count(), (at_most - seconds).count()};
  ppoll(watched.data(), watched.size(), &timeout, nullptr);
}

/// Looks again after pauses of a sixteenth of the idle time: a message waits at most that much
/// longer than its sender has been silent, and a rank idle for half a second looks some 30 times a
/// second.
class BackoffWaiter final : public Waiter {
 public:
  using Waiter::Waiter;

 private:
  void sleep_after(nanoseconds idle_time, int doorbell) noexcept override {
    wait_for(-1, doorbell, std::clamp<nanoseconds>(idle_time / 16, 50us, 32ms));
  }
};

#ifdef PKV_HAVE_UCX
class UcxWaiter final : public Waiter {
 public:
  UcxWaiter(std::uint32_t polls_before_sleep, int descriptor) noexcept
      : Waiter(polls_before_sleep), descriptor_(descriptor) {}

 private:
  void sleep_after(nanoseconds idle_time, int doorbell) noexcept override {
    if (!UcxWorker::arm()) return;
    wait_for(descriptor_, doorbell, std::clamp<nanoseconds>(idle_time, 5ms, longest_sleep));
  }

  int descriptor_;
};
#endif

}  // namespace

void Waiter::sleep(int doorbell) noexcept {
  const auto now = std::chrono::steady_clock::now();
  if (!idle_) {
    idle_ = true;
    idle_since_ = now;
  }
  sleep_after(now - idle_since_, doorbell);
}

std::unique_ptr<Waiter> make_waiter(const TransportSettings& settings) {
#ifdef PKV_HAVE_UCX
  if (settings.waiting == Waiting::automatic) {
    if (const int descriptor = UcxWorker::wakeup_descriptor(); descriptor >= 0)
      return std::make_unique<UcxWaiter>(settings.polls_before_sleep, descriptor);
  }
#endif
  return std::make_unique<BackoffWaiter>(settings.polls_before_sleep);
}

}  // namespace pkv::mpi
