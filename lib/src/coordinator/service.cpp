#include "coordinator/service.hpp"

#include "coordinator/conversation.hpp"

#include <algorithm>
#include <cstddef>

namespace pkv {

bool Service::tell_owners() {
  // By index: an owner may make further conversations active; they are told in the same call.
  std::size_t waiting = 0;
  for (std::size_t i = 0; i < active.size(); ++i) {
    Conversation* conversation = active[i];
    if (conversation == nullptr) continue;
    if (conversation->can_wait())
      active[waiting++] = conversation;
    else
      conversation->tell_owner();
  }
  active.resize(waiting);
  return waiting > 0;
}

void Service::forget(Conversation& conversation) noexcept {
  std::replace(active.begin(), active.end(), &conversation, static_cast<Conversation*>(nullptr));
}

}  // namespace pkv
