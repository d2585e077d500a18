#include "net/server/input_budget.hpp"

#include <algorithm>
#include <utility>

namespace pkv {

std::size_t InputBudget::acquire(std::size_t bytes, const void* who,
                                 std::function<void()> on_room) {
  const std::size_t wanted = std::min(bytes, total_bytes_);
  const bool first = waits_.empty() || waits_.front().who == who;
  if (first && used_bytes_ + wanted <= total_bytes_) {
    withdraw(who);
    used_bytes_ += wanted;
    tell_first();  // there may be room for the next one, too
    return wanted;
  }
  const auto own =
      std::find_if(waits_.begin(), waits_.end(), [&](const Wait& wait) { return wait.who == who; });
  if (own == waits_.end()) waits_.push_back({who, std::move(on_room)});
  return 0;
}

void InputBudget::release(std::size_t bytes) {
  used_bytes_ -= bytes;
  tell_first();
}

void InputBudget::withdraw(const void* who) {
  const bool was_first = !waits_.empty() && waits_.front().who == who;
  std::erase_if(waits_, [&](const Wait& wait) { return wait.who == who; });
  if (was_first) tell_first();
}

void InputBudget::tell_first() {
  if (!waits_.empty()) waits_.front().on_room();
}

}  // namespace pkv
