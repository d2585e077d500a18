#include "torture/checker/readings.hpp"

#include <algorithm>

namespace pkv::torture {
namespace {

/// Whether all that is done is to count upwards.
bool is_count(const History& history) {
  return std::all_of(history.begin(), history.end(), [](const Operation& operation) {
    const bool goes_up = operation.action == Action::increment &&
                         static_cast<std::int64_t>(operation.argument.content) > 0;
    return goes_up || operation.action == Action::read;
  });
}

/// Whether no two writes can leave the same value behind.
bool is_each_value_new(const History& history) {
  if (is_count(history)) return true;
  std::unordered_set<std::uint64_t> written;
  for (const Operation& operation : history) {
    const Value& argument = operation.argument;
    switch (operation.action) {
      case Action::read:
      case Action::erase:
        break;
      case Action::increment:
        return false;
      case Action::put:
      case Action::create:
        if (!argument.is_there || !written.insert(argument.content).second) return false;
        break;
      case Action::append:
        if (!written.insert(piece(argument.content, 0).content).second) return false;
    }
  }
  return true;
}

}  // namespace

Readings::Readings(const History& history, const Timeline& timeline) {
  if (!is_each_value_new(history)) return;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Operation& operation = history[i];
    if (operation.action == Action::increment && operation.outcome == Outcome::ok)
      sums_.insert(operation.result.content);
    const bool reads = operation.action == Action::read && operation.outcome == Outcome::ok;
    if (!reads || !operation.result.is_there) continue;
    origins_.insert(operation.result.origin);
    Last& last = last_of_[operation.result.content];
    last.invocation = std::max(last.invocation, timeline.course(i).invocation);
    last.answer = std::max(last.answer, timeline.course(i).answer);
  }
}

Readings::Left Readings::after(std::size_t position, const Value& value) const {
  if (!value.is_there) return Left::none;
  const auto last = last_of_.find(value.content);
  if (last == last_of_.end() || last->second.answer < position) return Left::none;
  return last->second.invocation < position ? Left::answers : Left::invocations;
}

}  // namespace pkv::torture
