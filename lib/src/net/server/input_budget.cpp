#include "net/server/input_budget.hpp"

#include <algorithm>
#include <utility>

namespace pkv {

bool InputBudget::obtain(Grant& grant, std::size_t bytes, std::function<void()> on_room) {
  if (bytes <= grant.bytes) return true;
  const std::size_t more_bytes = bytes - grant.bytes;
  if (may_have(grant, more_bytes)) {
    grant.bytes = bytes;
    used_bytes_ += more_bytes;
    if (used_bytes_ > total_bytes_ && overdrawn_ == nullptr) overdrawn_ = &grant;
    if (is_waiting(grant)) withdraw(grant);  // there may be room for the next one, too
    return true;
  }
  if (!is_waiting(grant)) {
    waits_.push_back({&grant, std::move(on_room)});
    // It may be that now all who hold something wait.
    if (grant.bytes > 0 && waits_.front().grant != &grant) tell_first();
  }
  return false;
}

void InputBudget::release(Grant& grant) {
  if (overdrawn_ == &grant) overdrawn_ = nullptr;
  used_bytes_ -= std::exchange(grant.bytes, 0);
  tell_first();
}

void InputBudget::withdraw(const Grant& grant) {
  std::erase_if(waits_, [&](const Wait& wait) { return wait.grant == &grant; });
  tell_first();
}

bool InputBudget::may_have(const Grant& grant, std::size_t more_bytes) const noexcept {
  if (overdrawn_ == &grant) return true;
  if (!waits_.empty() && waits_.front().grant != &grant) return false;
  if (used_bytes_ + more_bytes <= total_bytes_) return true;
  if (overdrawn_ != nullptr) return false;
  std::size_t held_by_waiting = is_waiting(grant) ? 0 : grant.bytes;
  for (const Wait& wait : waits_)
    held_by_waiting += wait.grant->bytes;
  return held_by_waiting == used_bytes_;
}

bool InputBudget::is_waiting(const Grant& grant) const noexcept {
  return std::any_of(waits_.begin(), waits_.end(),
                     [&](const Wait& wait) { return wait.grant == &grant; });
}

void InputBudget::tell_first() {
  if (!waits_.empty()) waits_.front().on_room();
}

}  // namespace pkv
