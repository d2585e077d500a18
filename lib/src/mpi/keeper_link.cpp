#include "mpi/keeper_link.hpp"

#include "mpi/control_protocol.hpp"
#include "mpi/rank_process.hpp"

#include <array>
#include <cstdlib>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

namespace pkv::mpi {
namespace {

int inherited_descriptor() noexcept {
  const char* const number = std::getenv(keeper_variable);
  return number == nullptr ? -1 : std::atoi(number);
}

}  // namespace

KeeperLink::KeeperLink() : descriptor_(inherited_descriptor()) {}

bool KeeperLink::publish(const std::string& endpoint, std::chrono::milliseconds patience) {
  say("control " + endpoint + '\n');
  std::array<char, 3> answer{};
  pollfd watched{descriptor_, POLLIN, 0};
  if (poll(&watched, 1, static_cast<int>(patience.count())) != 1) return false;
  const ssize_t got = recv(descriptor_, answer.data(), answer.size(), MSG_WAITALL);
  return got == ssize_t{answer.size()} && std::string_view(answer.data(), answer.size()) == "ok\n";
}

void KeeperLink::say_address(std::string_view address) noexcept {
  say("address " + control::to_hexadecimal(address) + '\n');
}

void KeeperLink::say_leave(bool with_all) noexcept {
  say(with_all ? "leave\n" : "leave alone\n");
}

void KeeperLink::say_beat(std::uint64_t progress) noexcept {
  say("beat " + std::to_string(progress) + '\n');
}

void KeeperLink::say(std::string_view line) noexcept {
  // A keeper that is stopped leaves lines lying until none fits any more: beats are then dropped,
  // and nothing else is said so late.
  [[maybe_unused]] const ssize_t sent =
      send(descriptor_, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool has_keeper() noexcept {
  return inherited_descriptor() >= 0;
}

std::uint32_t own_epoch() noexcept {
  const char* const number = std::getenv(epoch_variable);
  const unsigned long epoch = number == nullptr ? 0 : std::strtoul(number, nullptr, 10);
  return epoch == 0 ? 1 : static_cast<std::uint32_t>(epoch);
}

Beat::Beat(KeeperLink& link, const std::atomic<std::uint64_t>& progress)
    : link_(link), progress_(progress), thread_([this](std::stop_token stop) { run(stop); }) {}

void Beat::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "pkv beat");
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    link_.say_beat(progress_.load(std::memory_order_relaxed));
    stopped_.wait_for(lock, stop, interval, [] { return false; });
  }
}

}  // namespace pkv::mpi
