// A client's view of the whole store, and snapshots of it.

#include "coordinator/conversation.hpp"
#include "protocol/error_text.hpp"

namespace pkv {

/// A command that finish() will answer.
std::uint32_t Conversation::leave_waiting() {
  return replies_.add(kind_, service_.coordinator.now());
}

Outcome Conversation::open_view() {
  if (service_.client_views.has(*this))
    return reply_error("ERR this connection has a view open: close it first");
  if (service_.scans.full()) return reply_error(error_text::of(errc::overloaded));
  if (const auto full = service_.key_counts.full_worker()) return wait_for_room(*full);
  service_.client_views.open(*this);
  return reply_status("OK");
}

Outcome Conversation::next_of_view() {
  if (!service_.client_views.has(*this))
    return reply_error("ERR this connection has no view open: VIEW OPEN opens one");
  service_.client_views.next(*this, leave_waiting());
  service_.coordinator.ensure_turn_end();
  return Outcome::done;
}

Outcome Conversation::close_view() {
  service_.client_views.forget(*this);
  return reply_status("OK");
}

Outcome Conversation::save(std::string_view name, bool wait) {
  if (const auto why_not = service_.snapshots.why_not(name)) return reply_error(*why_not);
  if (const auto full = service_.key_counts.full_worker()) return wait_for_room(*full);
  if (wait) service_.snapshots.tell(*this, leave_waiting());
  service_.snapshots.begin(name);
  if (wait) return Outcome::done;
  return reply_status("Background saving started");
}

/// Nothing of what it has asked for goes on without it.
void Conversation::forget_views() noexcept {
  service_.client_views.forget(*this);
  service_.snapshots.forget(*this);
}

}  // namespace pkv
