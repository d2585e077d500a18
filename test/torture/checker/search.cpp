#include "torture/checker/search.hpp"

#include <algorithm>
#include <utility>

namespace pkv::torture {
namespace {

constexpr std::size_t none = Timeline::none;

}  // namespace

Search::Search(const History& history, const CheckLimits& limits)
    : history_(history), limits_(limits), timeline_(history), readings_(history, timeline_) {}

Verdict Search::run() {
  if (timeline_.crowded() != none)
    return end_with(Judgement::undecided, timeline_.crowded(),
                    "too many operations were under way at the same time");
  arrive(0, {});
  while (!is_found_ && !to_visit_.empty()) {
    if (is_exhausted())
      return end_with(Judgement::undecided, deepest_,
                      "there are too many possible orders to look at them all");
    Node node = std::move(to_visit_.back());
    to_visit_.pop_back();
    visit(std::move(node));
  }
  return end_with(is_found_ ? Judgement::linearizable : Judgement::violated, deepest_, "");
}

bool Search::is_exhausted() const {
  return steps_ > limits_.most_steps || visited_.size() > limits_.most_configurations ||
         to_visit_.size() > limits_.most_configurations;
}

Verdict Search::end_with(Judgement judgement, std::size_t event, const std::string& reason) const {
  Verdict verdict;
  verdict.judgement = judgement;
  if (event < timeline_.events().size()) verdict.operation = timeline_.events()[event].operation;
  verdict.possible_value = value_there_;
  verdict.reason = reason;
  verdict.steps = steps_;
  return verdict;
}

/// Everything before event `from` is explained: on to the next answer.
void Search::arrive(std::size_t from, Configuration at) {
  const std::size_t event = timeline_.next_answer(from);
  is_found_ = event == none;
  if (is_found_ || event >= deepest_) value_there_ = at.value;
  if (is_found_) return;
  deepest_ = std::max(deepest_, event);
  to_visit_.push_back({event, std::move(at)});
}

void Search::visit(Node node) {
  move_to(node.event);
  const std::size_t answered = timeline_.events()[node.event].operation;
  const Slot slot = slot_of(answered);
  Configuration& at = node.at;
  if (is_only_possibility(node)) {
    to_visit_.clear();
    visited_.clear();
  }
  const bool may_have_been_hidden = at.hidden.contains(slot);
  if (!at.done.contains(slot)) take_what_changes_nothing(at);
  if (at.done.contains(slot)) {
    at.is_unseen = false;
    at.done.erase(slot);
    arrive(node.event + 1, std::move(at));
    return;
  }
  if (!visited_.insert(Fingerprint(node.event, at)).second) return;
  if (may_have_been_hidden) {
    Configuration after = at;
    mark_done(answered, after);
    to_visit_.push_back({node.event, after});
  }
  push_choices(node, answered);
}

/// Whether nothing was under way before the operation that was answered, and the value then is one
/// that is read later: it was the value there in every order, so those left to try are no better.
bool Search::is_only_possibility(const Node& node) const {
  if (node.event == 0 || !node.at.done.is_empty()) return false;
  const std::size_t answered = timeline_.events()[node.event].operation;
  SlotSet others = under_way_;
  others.erase(slot_of(answered));
  return others.is_empty() && timeline_.course(answered).invocation + 1 == node.event &&
         readings_.after(node.event - 1, node.at.value) == Readings::Left::invocations;
}

/// All that may come next; on top, to be tried first, the operation that was answered, then what
/// makes its answer right.
void Search::push_choices(const Node& node, std::size_t answered) {
  const Configuration& at = node.at;
  const bool may_be_replaced = this->may_be_replaced(at);
  std::vector<Node> promising;
  under_way_.without(at.done).for_each([&](Slot slot) {
    const std::size_t operation = operation_in_[slot];
    ++steps_;
    if (at.is_unseen && is_put(operation)) return;
    if (!may_come_next(operation, at) || has_twin_before(operation, at)) return;
    const std::optional<Value> value = apply(history_[operation], at.value);
    if (!value || is_pointless(operation, *value, at)) return;
    if (*value != at.value && !may_be_replaced) return;
    Node next = node;
    take(operation, *value, next.at);
    if (operation == answered) {
      promising.push_back(std::move(next));
    } else if (apply(history_[answered], *value)) {
      promising.insert(promising.begin(), std::move(next));
    } else {
      to_visit_.push_back(std::move(next));
    }
  });
  for (Node& next : promising)
    to_visit_.push_back(std::move(next));
}

/// Goes to the state in which all events before this one have happened.
void Search::move_to(std::size_t event) {
  while (position_ != event) {
    const bool is_forward = position_ < event;
    const Timeline::Event& passed = timeline_.events()[is_forward ? position_ : position_ - 1];
    const Slot slot = slot_of(passed.operation);
    if (passed.is_answer == is_forward) {
      under_way_.erase(slot);
    } else {
      under_way_.insert(slot);
      operation_in_[slot] = passed.operation;
    }
    position_ = is_forward ? position_ + 1 : position_ - 1;
  }
}

// One that waits for a put of its client to be made is left: that put may have to come later.
void Search::take_what_changes_nothing(Configuration& at) {
  bool is_changed = true;
  while (is_changed) {
    is_changed = false;
    under_way_.without(at.done).for_each([&](Slot slot) {
      const std::size_t operation = operation_in_[slot];
      if (!is_known(operation) || is_put(operation)) return;
      const std::size_t before = predecessor_of(operation);
      if (before != none && !at.done.contains(slot_of(before))) return;
      ++steps_;
      if (apply(history_[operation], at.value) != at.value) return;
      at.done.insert(slot);
      at.is_unseen = false;
      is_changed = true;
    });
  }
}

/// Whether all that the client sent before has taken place, or can without an effect: hidden before
/// a put that was, or before this one.
bool Search::may_come_next(std::size_t operation, const Configuration& at) const {
  const bool can_hide_others = is_put(operation);
  for (std::size_t before = predecessor_of(operation); before != none;
       before = predecessor_of(before)) {
    if (at.done.contains(slot_of(before)) || at.hidden.contains(slot_of(before))) return true;
    if (!can_hide_others || !is_put(before)) return false;
  }
  return true;
}

bool Search::has_twin_before(std::size_t operation, const Configuration& at) const {
  if (is_known(operation)) return false;
  const Operation& own = history_[operation];
  bool is_found = false;
  under_way_.without(at.done).for_each([&](Slot slot) {
    const Operation& other = history_[operation_in_[slot]];
    is_found |= slot < slot_of(operation) && other.outcome != Outcome::ok &&
                other.action == own.action && other.argument == own.argument;
  });
  return is_found;
}

/// Whether it may as well not have happened, or has not. (A put that changes nothing gives others a
/// moment to hide before it.)
bool Search::is_pointless(std::size_t operation, const Value& value,
                          const Configuration& at) const {
  if (is_known(operation) || is_put(operation)) return false;
  const bool is_increment = history_[operation].action == Action::increment;
  return value == at.value || (is_increment && readings_.is_sum(value));
}

void Search::take(std::size_t operation, const Value& value, Configuration& at) const {
  // What the client sent later cannot be said any more to have been before this.
  at.hidden.for_each([&](Slot slot) {
    if (follows(operation_in_[slot], operation)) at.hidden.erase(slot);
  });
  if (is_put(operation)) hide_before_put(operation, at);
  mark_done(operation, at);
  at.value = value;
  at.is_unseen = is_put(operation) || !is_known(operation);
}

void Search::hide_before_put(std::size_t put, Configuration& at) const {
  under_way_.without(at.done).for_each([&](Slot slot) {
    const std::size_t operation = operation_in_[slot];
    const bool can_hide = operation != put && is_put(operation) && is_known(operation) &&
                          !readings_.has_any(history_[operation].argument) &&
                          !follows(operation, put) && may_come_next(operation, at);
    if (can_hide) at.hidden.insert(slot);
  });
}

bool Search::may_be_replaced(const Configuration& at) const {
  const Readings::Left left = readings_.after(position_, at.value);
  if (left != Readings::Left::answers) return left == Readings::Left::none;
  bool is_read = false;
  under_way_.without(at.done).for_each([&](Slot slot) {
    const Operation& other = history_[operation_in_[slot]];
    is_read |= other.action == Action::read && other.result == at.value;
  });
  return !is_read;
}

void Search::mark_done(std::size_t operation, Configuration& at) const {
  for (; operation != none && !at.done.contains(slot_of(operation));
       operation = predecessor_of(operation)) {
    at.done.insert(slot_of(operation));
    at.hidden.erase(slot_of(operation));
  }
}

/// What the client sent before, unless that has been answered.
std::size_t Search::predecessor_of(std::size_t operation) const {
  const std::size_t before = timeline_.course(operation).predecessor;
  if (before == none || timeline_.course(before).answer < position_) return none;
  return before;
}

bool Search::follows(std::size_t operation, std::size_t other) const {
  for (std::size_t before = predecessor_of(operation); before != none;
       before = predecessor_of(before))
    if (before == other) return true;
  return false;
}

}  // namespace pkv::torture
