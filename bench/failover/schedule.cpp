#include "failover/schedule.hpp"

#include "load/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pkv::failover {
namespace {

/// Of its own, because the standard library's is another one on each platform.
template <class T>
void shuffle(std::vector<T>& items, bench::Random& random) {
  for (std::size_t left = items.size(); left > 1; --left)
    std::swap(items[left - 1], items[static_cast<std::size_t>(random.below(left))]);
}

std::vector<std::int64_t> some_of(std::span<const std::int64_t> nodes, std::size_t count,
                                  bench::Random& random) {
  std::vector<std::int64_t> chosen(nodes.begin(), nodes.end());
  shuffle(chosen, random);
  chosen.resize(std::min(count, chosen.size()));
  return chosen;
}

/// A disturbance and what undoes it.
std::vector<Event> events_of(Disturbance disturbance, const Settings& settings,
                             std::span<const std::int64_t> nodes, bench::Random& random) {
  const std::size_t count = disturbance == Disturbance::fail ? settings.failed_together : 1;
  std::vector<std::int64_t> chosen = some_of(nodes, count, random);
  const std::int64_t node = chosen.front();
  std::vector<Event> events;
  switch (disturbance) {
    case Disturbance::fail:
      for (const std::int64_t failed : chosen)
        events.push_back({Change::fail, failed});
      shuffle(chosen, random);
      for (const std::int64_t failed : chosen)
        events.push_back({Change::restore, failed});
      break;
    case Disturbance::kill:
      events = {{Change::kill, node}};
      break;
    case Disturbance::drain:
      events = {{Change::drain, node}, {Change::restore, node}};
      break;
    case Disturbance::weight:
      events = {{Change::weight, node, settings.weight}, {Change::weight, node, 1}};
      break;
  }
  return events;
}

}  // namespace

std::vector<Event> make_schedule(const Settings& settings, std::span<const std::int64_t> nodes) {
  bench::Random random(settings.seed);
  std::vector<Event> schedule;
  while (schedule.size() < settings.events) {
    std::vector<Disturbance> round = settings.disturbances;
    shuffle(round, random);
    for (const Disturbance disturbance : round) {
      if (schedule.size() >= settings.events) break;
      for (const Event& event : events_of(disturbance, settings, nodes, random))
        schedule.push_back(event);
    }
  }
  return schedule;
}

std::string to_text(const Event& event) {
  switch (event.change) {
    case Change::fail:
      return fmt::format("fail node {}", event.node);
    case Change::restore:
      return fmt::format("restore node {}", event.node);
    case Change::kill:
      return fmt::format("kill node {}", event.node);
    case Change::drain:
      return fmt::format("drain node {}", event.node);
    case Change::weight:
      return fmt::format("weight {:g} node {}", event.weight, event.node);
  }
  return {};
}

}  // namespace pkv::failover
