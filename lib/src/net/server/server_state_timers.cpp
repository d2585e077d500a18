// What the server does when its time has come, also when no client does anything.

#include "net/server/server_state.hpp"

#include <algorithm>
#include <chrono>

namespace pkv {
namespace {

constexpr std::chrono::milliseconds longest_deadline_check{250};
// How often copying is looked after when nothing else happens.
constexpr std::chrono::milliseconds copying_interval{4};

}  // namespace

/// Calls step(*this) in a turn when the timer has expired, unless it is cancelled or the server
/// gone before.
template <class Step>
void Server::State::call_after(boost::asio::steady_timer& timer, Step step) {
  timer.async_wait([weak = weak_from_this(), step](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (cancelled || self == nullptr) return;
    self->coordinator_.update_clock();
    step(*self);
  });
}

/// Whether something goes on that needs turns also when no client does anything.
bool Server::State::needs_turns() const noexcept {
  return cluster_.busy() || service_.reads_store() || (restore_ && !restore_->over());
}

void Server::State::watch_cluster() {
  if (watching_cluster_ || !needs_turns()) return;
  watching_cluster_ = true;
  cluster_timer_.expires_after(copying_interval);
  call_after(cluster_timer_, [](State& self) {
    self.watching_cluster_ = false;
    self.cluster_.step();
    self.end_turn();
  });
}

void Server::State::watch_service() {
  const auto next = service_.next_deadline();
  if (!next || (service_deadline_ && *service_deadline_ <= *next)) return;
  service_deadline_ = next;
  service_timer_.expires_at(*next);
  call_after(service_timer_, [](State& self) {
    self.service_deadline_.reset();
    self.service_.expire();
    self.end_turn();
  });
}

void Server::State::watch_expiry() {
  const auto next = service_.expirer.next_step();
  const bool closed = !acceptor_.is_open();  // a timer would keep the server from ending
  if (closed || !next || (expiry_step_ && *expiry_step_ <= *next)) return;
  expiry_step_ = next;
  expiry_timer_.expires_at(*next);
  call_after(expiry_timer_, [](State& self) {
    self.expiry_step_.reset();
    self.service_.expirer.step();
    self.end_turn();
  });
}

void Server::State::tell_owners() {
  const bool some_wait = service_.tell_owners();
  if (!some_wait || watching_replies_) return;
  watching_replies_ = true;
  reply_timer_.expires_after(options_.limits.reply_delay);
  call_after(reply_timer_, [](State& self) {
    self.watching_replies_ = false;
    self.tell_owners();
  });
}

void Server::State::watch_deadlines() {
  if (watching_deadlines_ || coordinator_.idle()) return;
  watching_deadlines_ = true;
  deadline_timer_.expires_after(
      std::min(longest_deadline_check, options_.limits.reply_timeout / 4));
  call_after(deadline_timer_, [](State& self) {
    self.watching_deadlines_ = false;
    self.coordinator_.check_deadlines();
    self.tell_owners();
    self.watch_deadlines();
  });
}

void Server::State::stop_watching() {
  reply_timer_.cancel();
  deadline_timer_.cancel();
  cluster_timer_.cancel();
  service_timer_.cancel();
  expiry_timer_.cancel();
}

}  // namespace pkv
