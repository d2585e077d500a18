#include "mpi/control_link.hpp"

#include "mpi/byte_stream.hpp"
#include "mpi/control_socket.hpp"

#include <cerrno>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <variant>

namespace pkv::mpi {
namespace {

using namespace std::chrono_literals;

constexpr auto retry_pause = 100ms;
constexpr auto connect_patience = 1s;
constexpr std::size_t most_unsent_bytes = 4096;

/// Refusals in a row after which nobody is expected to listen there again. A network that is cut
/// does not refuse; a machine does, whose process is gone.
constexpr unsigned most_refusals = 20;

bool has_unacknowledged(int socket) noexcept {
  int bytes = 0;
  return ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

/// A socket on its way to `address`; or -1, and errno says why.
int start_connecting(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return -1;
  int descriptor =
      socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, found->ai_protocol);
  int error = descriptor < 0 ? errno : 0;
  if (descriptor >= 0) {
    prepare_control_socket(descriptor);
    if (connect(descriptor, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS) {
      error = errno;
      close(descriptor);
      descriptor = -1;
    }
  }
  freeaddrinfo(found);
  errno = error;
  return descriptor;
}

}  // namespace

void ControlLink::connect_to(control::Endpoint endpoint) {
  endpoint_ = std::move(endpoint);
  apart_since_ = Clock::now();
  try_next_address();
}

void ControlLink::say(const control::Report& report) {
  if (state_ != State::connected || unsent_.size() > most_unsent_bytes) return;
  // A beat on its way stands for all until it has arrived. The kernel sends again in even intervals
  // (prepare_control_socket) only what is in few packets.
  if (std::holds_alternative<control::Beat>(report) && has_unacknowledged(socket_)) return;
  unsent_ += control::encode(report);
  if (!write_available(socket_, unsent_)) give_up_connection();
}

void ControlLink::serve(short happened) {
  if (act_at_ && Clock::now() >= *act_at_) {
    give_up_connection();
    try_next_address();
    return;
  }
  if (happened == 0) return;
  if (state_ == State::connecting) {
    finish_connecting();
  } else if (state_ == State::connected) {
    if (!write_available(socket_, unsent_)) give_up_connection();
    receive();
  }
}

short ControlLink::events() const noexcept {
  if (state_ == State::connecting) return POLLOUT;
  return unsent_.empty() ? POLLIN : POLLIN | POLLOUT;
}

void ControlLink::try_next_address() {
  const std::string& address = endpoint_->addresses[next_address_];
  next_address_ = (next_address_ + 1) % endpoint_->addresses.size();
  socket_ = start_connecting(address, endpoint_->port);
  if (socket_ < 0) {
    note_failure(errno);
    act_at_ = Clock::now() + retry_pause;
    return;
  }
  state_ = State::connecting;
  act_at_ = Clock::now() + connect_patience;
}

void ControlLink::finish_connecting() {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) {
    note_failure(error);
    give_up_connection();
    return;
  }
  refusals_ = 0;
  state_ = State::connected;
  apart_since_.reset();
  act_at_.reset();
  unsent_ = introduce_(endpoint_->token);
  if (!write_available(socket_, unsent_)) give_up_connection();
}

void ControlLink::note_failure(int error) {
  refusals_ = error == ECONNREFUSED ? refusals_ + 1 : 0;
  if (refusals_ == most_refusals * endpoint_->addresses.size()) obey_(control::Leave{});
}

void ControlLink::receive() {
  std::string bytes;
  while (state_ == State::connected) {
    const ReadResult result = read_available(socket_, bytes);
    if (result == ReadResult::nothing) return;
    lines_.append(bytes);
    while (const auto line = lines_.next()) {
      const std::optional<control::Order> order = control::decode_order(*line);
      if (order) obey_(*order);
    }
    if (result == ReadResult::end || lines_.overlong()) give_up_connection();
  }
}

void ControlLink::disconnect() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  state_ = State::apart;
  unsent_.clear();
  lines_.clear();
}

void ControlLink::give_up_connection() {
  disconnect();
  if (!apart_since_) apart_since_ = Clock::now();
  act_at_ = Clock::now() + retry_pause;
}

}  // namespace pkv::mpi
