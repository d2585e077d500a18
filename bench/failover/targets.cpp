#include "failover/targets.hpp"

#include <algorithm>
#include <functional>

namespace pkv::failover {
namespace {

double milliseconds_waited(const Outcome& outcome) {
  return milliseconds(outcome.longest_wait);
}

double seconds_until_complete(const Outcome& outcome) {
  return milliseconds(outcome.complete - outcome.begin) / 1'000;
}

std::string name_of(const Outcome& outcome) {
  return to_text(outcome.event);
}

std::string name_of(const Phase& phase) {
  return "after " + phase.name;
}

/// A target that the worst of them, the one with the highest figure, has to meet.
template <class T, class Figure>
Target worst_of(Target target, const std::vector<T>& all, Figure figure) {
  const auto by_figure = [&](const T& left, const T& right) {
    return std::invoke(figure, left) < std::invoke(figure, right);
  };
  const auto worst = std::ranges::max_element(all, by_figure);
  if (worst == all.end()) return target;
  target.measured = std::invoke(figure, *worst);
  target.worst = name_of(*worst);
  return target;
}

double median_wait_ms(const std::vector<Outcome>& outcomes) {
  std::vector<double> waits;
  for (const Outcome& outcome : outcomes)
    waits.push_back(milliseconds_waited(outcome));
  std::ranges::sort(waits);
  return waits.empty() ? 0 : waits[waits.size() / 2];
}

/// Of all events together, because each takes so little time.
double throughput_while_moving(const std::vector<Outcome>& outcomes) {
  double answers = 0;
  double normal = 0;
  for (const Outcome& outcome : outcomes) {
    answers += outcome.answers_while_moving;
    normal += outcome.normal_answers;
  }
  return normal > 0 ? answers / normal : 0;
}

Target most(std::string name, double limit, std::string unit = "") {
  return {std::move(name), limit, 0, false, std::move(unit), ""};
}

Target count_of(std::string name, std::uint64_t count) {
  Target target = most(std::move(name), 0);
  target.measured = static_cast<double>(count);
  return target;
}

}  // namespace

std::vector<Target> judge(const Settings& settings, const Results& results) {
  const std::vector<Phase>& phases = results.phases;
  const std::vector<Outcome>& outcomes = results.outcomes;
  Target refill = most("requests while keys move, of normal, all events", 0.7);
  refill.at_least = true;
  refill.measured = throughput_while_moving(outcomes);
  Target median_wait = most("longest wait of a client, median of the events", 100, "ms");
  median_wait.measured = median_wait_ms(outcomes);

  std::vector<Target> targets = {
      worst_of(most("keys moved, of a fair share", 1.1), outcomes, &Outcome::moved_to_fair),
      worst_of(most("ring: peak / mean", 1.05), phases, &Phase::ring_peak_to_mean),
      worst_of(most("requests per node: peak / mean, of the held share", 1.05), phases,
               [](const Phase& phase) { return phase.requests.peak_to_held; }),
      median_wait,
      worst_of(most("longest wait of a client, any event", 500, "ms"), outcomes,
               milliseconds_waited),
      worst_of(most("until all copies are complete again", 10, "s"), outcomes,
               seconds_until_complete),
      refill,
      count_of("wrong answers", results.wrong_answers.count())};
  if (settings.replicas > 1) targets.push_back(count_of("errors", results.errors.count()));
  if (results.missing == 0)
    targets.push_back(worst_of(most("keys per node: peak / mean, of the held share", 1.05), phases,
                               [](const Phase& phase) { return phase.keys.peak_to_held; }));
  return targets;
}

}  // namespace pkv::failover
