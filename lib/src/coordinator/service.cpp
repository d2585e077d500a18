#include "coordinator/service.hpp"

#include "coordinator/conversation.hpp"

#include <algorithm>
#include <cstddef>

namespace pkv {

bool Service::tell_owners() {
  // An owner may make further conversations active, at the end; they are told in the same call.
  std::size_t waiting = 0;
  std::size_t next = 0;
  while (next < active.size()) {
    Conversation* const conversation = active[next++];
    if (conversation == nullptr) continue;
    if (conversation->can_wait())
      active[waiting++] = conversation;
    else
      conversation->tell_owner();
  }
  active.resize(waiting);
  return waiting > 0;
}

std::optional<std::chrono::steady_clock::time_point> Service::next_deadline() const noexcept {
  const auto wait = disk_waits.next_deadline();
  const auto query = node_queries.next_deadline();
  if (!wait || !query) return wait ? wait : query;
  return std::min(*wait, *query);
}

void Service::expire() {
  disk_waits.expire(coordinator.now());
  node_queries.expire(coordinator.now());
}

void Service::forget(Conversation& conversation) noexcept {
  std::replace(active.begin(), active.end(), &conversation, static_cast<Conversation*>(nullptr));
}

}  // namespace pkv
