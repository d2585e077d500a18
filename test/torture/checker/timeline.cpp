#include "torture/checker/timeline.hpp"

#include "torture/checker/slot_set.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <unordered_map>

namespace pkv::torture {

Timeline::Timeline(const History& history) : courses_(history.size()) {
  list_events(history);
  assign_slots(history);
}

void Timeline::list_events(const History& history) {
  events_.reserve(2 * history.size());
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Operation& operation = history[i];
    const bool is_known = operation.outcome == Outcome::ok;
    if (operation.outcome == Outcome::refused) continue;
    if (operation.action == Action::read && !is_known) continue;  // says and changes nothing
    assert(!is_known || operation.invoked <= operation.answered);
    events_.push_back({operation.invoked, false, i});
    if (is_known) events_.push_back({operation.answered, true, i});
  }
  std::sort(events_.begin(), events_.end(), [](const Event& left, const Event& right) {
    return std::tie(left.time, left.is_answer, left.operation) <
           std::tie(right.time, right.is_answer, right.operation);
  });
}

void Timeline::assign_slots(const History& history) {
  std::vector<std::size_t> free;
  for (std::size_t slot = SlotSet::capacity; slot > 0; --slot)
    free.push_back(slot - 1);
  std::unordered_map<std::uint32_t, std::size_t> last_of_client;  // of those that were answered
  for (std::size_t at = 0; at < events_.size(); ++at) {
    const Event& event = events_[at];
    Course& course = courses_[event.operation];
    if (event.is_answer) {
      course.answer = at;
      free.push_back(course.slot);
      continue;
    }
    if (free.empty()) {
      crowded_ = at;
      return;
    }
    course.invocation = at;
    course.slot = free.back();
    free.pop_back();
    const Operation& operation = history[event.operation];
    if (operation.outcome != Outcome::ok) continue;  // it may never happen: nobody waits for it
    const auto [last, is_first] = last_of_client.try_emplace(operation.client, event.operation);
    if (is_first) continue;
    if (courses_[last->second].answer == none) course.predecessor = last->second;
    last->second = event.operation;
  }
}

std::size_t Timeline::next_answer(std::size_t from) const noexcept {
  while (from < events_.size() && !events_[from].is_answer)
    ++from;
  return from < events_.size() ? from : none;
}

}  // namespace pkv::torture
