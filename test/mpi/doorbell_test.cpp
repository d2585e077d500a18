#include "mpi/doorbell.hpp"

#include <catch2/catch.hpp>

#include <mutex>
#include <poll.h>
#include <thread>

namespace pkv::mpi {
namespace {

/// Whether the doorbell wakes a sleeper within `patience_ms`.
bool wakes(const Doorbell& doorbell, int patience_ms) {
  pollfd watched{doorbell.descriptor(), POLLIN, 0};
  return poll(&watched, 1, patience_ms) == 1;
}

TEST_CASE("Doorbell: wakes one who has lain down, and only then", "[mpi][doorbell]") {
  Doorbell doorbell;
  doorbell.ring();
  CHECK_FALSE(wakes(doorbell, 0));
  doorbell.lie_down();
  CHECK_FALSE(wakes(doorbell, 0));
  doorbell.ring();
  CHECK(wakes(doorbell, 0));
}

TEST_CASE("Doorbell: an old ring does not wake the next sleep", "[mpi][doorbell]") {
  Doorbell doorbell;
  doorbell.lie_down();
  doorbell.ring();
  doorbell.ring();
  doorbell.get_up();
  doorbell.lie_down();
  CHECK_FALSE(wakes(doorbell, 0));
}

TEST_CASE("Doorbell: work handed over before a ring is never slept through", "[mpi][doorbell]") {
  constexpr int total = 20'000;
  constexpr int patience_ms = 10'000;
  Doorbell doorbell;
  std::mutex mutex;
  int handed_over = 0;
  std::jthread giver([&] {
    for (int i = 0; i < total; ++i) {
      {
        const std::lock_guard lock(mutex);
        ++handed_over;
      }
      doorbell.ring();
    }
  });

  const auto look = [&] {
    const std::lock_guard lock(mutex);
    return handed_over;
  };
  bool overslept = false;
  for (int seen = 0; seen < total && !overslept;) {
    doorbell.lie_down();
    if (look() == seen) overslept = !wakes(doorbell, patience_ms);
    doorbell.get_up();
    seen = look();
  }
  CHECK_FALSE(overslept);
}

}  // namespace
}  // namespace pkv::mpi
