#include "mpi/doorbell.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace pkv::mpi {

Doorbell::Doorbell() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Doorbell::~Doorbell() {
  close(descriptor_);
}

void Doorbell::ring() noexcept {
  if (!asleep_.exchange(false)) return;
  const std::uint64_t one = 1;
  // Can only fail when the counter is full, which means that it has been rung already.
  [[maybe_unused]] const ssize_t written = write(descriptor_, &one, sizeof one);
}

void Doorbell::get_up() noexcept {
  asleep_.store(false);
  // Read even if nobody seems to have rung: a ring may fall between the last sleep and now.
  std::uint64_t rings = 0;
  [[maybe_unused]] const ssize_t got = read(descriptor_, &rings, sizeof rings);
}

}  // namespace pkv::mpi
