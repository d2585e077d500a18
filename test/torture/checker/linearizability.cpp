#include "torture/checker/linearizability.hpp"

#include "torture/checker/search.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace pkv::torture {
namespace {

/// The operations that were answered, in the order of their answers.
std::vector<std::size_t> answers_of(const History& history) {
  std::vector<std::size_t> answered;
  for (std::size_t i = 0; i < history.size(); ++i)
    if (history[i].outcome == Outcome::ok) answered.push_back(i);
  std::stable_sort(answered.begin(), answered.end(), [&](std::size_t left, std::size_t right) {
    return history[left].answered < history[right].answered;
  });
  return answered;
}

/// The history as it was known when operation `last` had been answered.
History until(const History& history, std::size_t last) {
  const Clock::time_point now = history[last].answered;
  History known;
  for (std::size_t i = 0; i < history.size(); ++i) {
    Operation operation = history[i];
    if (operation.invoked > now) continue;
    if (std::tie(operation.answered, i) > std::tie(now, last) && operation.outcome == Outcome::ok)
      operation.outcome = Outcome::unknown;
    known.push_back(operation);
  }
  return known;
}

/// A beginning of a linearizable history is linearizable too, so the answer with which it ends is
/// found by halving.
Verdict find_first_violation(const History& history, const CheckLimits& limits) {
  const std::vector<std::size_t> answers = answers_of(history);
  std::size_t good = 0;  // so many answers can be explained
  std::size_t bad = answers.size();
  Verdict verdict;
  while (bad - good > 1) {
    const std::size_t middle = good + (bad - good) / 2;
    const History known = until(history, answers[middle - 1]);
    const Verdict there = Search(known, limits).run();
    if (there.judgement == Judgement::violated) {
      bad = middle;
    } else {
      good = middle;
      verdict.possible_value = there.possible_value;
    }
  }
  verdict.judgement = Judgement::violated;
  verdict.operation = answers[bad - 1];
  return verdict;
}

}  // namespace

Verdict check(const History& history, const CheckLimits& limits) {
  const Verdict verdict = Search(history, limits).run();
  if (verdict.judgement != Judgement::violated) return verdict;
  Verdict first = find_first_violation(history, limits);
  first.steps = verdict.steps;
  return first;
}

}  // namespace pkv::torture
