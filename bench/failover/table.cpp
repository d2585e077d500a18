#include "failover/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pkv::failover {
namespace {

using Output = std::back_insert_iterator<std::string>;

void add_phases(Output to, const Results& results) {
  fmt::format_to(to,
                 "\nPhases: what each node on the ring had to do and to hold, per unit of weight;\n"
                 "'of held': peak / mean, compared with the share of the keys that it holds\n\n"
                 "                            requests   longest   requests per node              "
                 "    keys per node                      ring\n"
                 "after                nodes  a second   wait ms       mean  std.dev  peak  of held"
                 "      mean  std.dev  peak  of held   peak\n");
  for (const Phase& phase : results.phases) {
    const auto nodes = std::ranges::count_if(phase.nodes, &Node::is_up);
    const Balance& requests = phase.requests;
    const Balance& keys = phase.keys;
    fmt::format_to(to,
                   "{:<20} {:5}  {:8.0f}  {:8.1f}  {:9.0f} {:8.1f} {:5.3f}    {:5.3f} {:9.0f} "
                   "{:8.1f} {:5.3f}    {:5.3f}  {:5.3f}\n",
                   phase.name, nodes, phase.answers_per_second, milliseconds(phase.longest_wait),
                   requests.mean, requests.standard_deviation, requests.peak_to_mean,
                   requests.peak_to_held, keys.mean, keys.standard_deviation, keys.peak_to_mean,
                   keys.peak_to_held, phase.ring_peak_to_mean);
  }
}

void add_events(Output to, const Results& results) {
  fmt::format_to(to,
                 "\nEvents: keys that changed hands; ms after the event until a killed process was "
                 "missed and another one was back,\nuntil all copies were complete, and until what "
                 "was too much was erased; requests while keys moved, of those in the phase "
                 "before\n\n"
                 "                            keys moved                     ms after the event"
                 "              longest\n"
                 "event                  fair  planned    moved  of fair  missed   back  complete"
                 "  erased   wait ms  requests  errors\n");
  for (const Outcome& outcome : results.outcomes) {
    const auto after = [&](Clock::time_point when) {
      return fmt::format("{:.0f}", milliseconds(when - outcome.begin));
    };
    const bool killed = outcome.event.change == Change::kill;
    fmt::format_to(to,
                   "{:<20} {:6.0f}   {:6.0f}   {:6}    {:5.3f}  {:>6} {:>6}  {:>8}  {:>6}  {:8.1f} "
                   "    {:5.2f} {:7}\n",
                   to_text(outcome.event), outcome.fair_keys, outcome.planned_keys,
                   outcome.moved_keys, outcome.moved_to_fair(),
                   killed ? after(outcome.noticed) : "", killed ? after(outcome.copying) : "",
                   after(outcome.complete), after(outcome.tidy), milliseconds(outcome.longest_wait),
                   outcome.throughput_while_moving(), outcome.errors);
  }
}

void add_faults(Output to, const char* title, const bench::Faults& faults) {
  if (faults.count() == 0) return;
  fmt::format_to(to, "\n{}: {}\n", title, faults.count());
  for (const auto& [text, times] : faults.by_text())
    fmt::format_to(to, "{:9}  {}\n", times, text);
}

}  // namespace

std::string tables_of(const Results& results) {
  std::string text;
  add_phases(std::back_inserter(text), results);
  add_events(std::back_inserter(text), results);
  add_faults(std::back_inserter(text), "Errors", results.errors);
  add_faults(std::back_inserter(text), "Wrong answers", results.wrong_answers);
  if (results.missing > 0)
    text +=
        fmt::format("\nReads of keys that were lost with their only node: {}\n", results.missing);
  if (results.lost_connections > 0)
    text += fmt::format("\nConnections lost: {}\n", results.lost_connections);
  return text;
}

std::string table_of(std::span<const Target> targets) {
  std::string text = "\nTargets; of several events or phases the worst counts, named behind\n\n";
  for (const Target& target : targets) {
    const std::string limit = fmt::format("{} {:g}", target.at_least ? ">=" : "<=", target.limit);
    text +=
        fmt::format("{:<50} {:>8}  {:8.5g} {:<2}  {:<6} {}\n", target.name, limit, target.measured,
                    target.unit, target.met() ? "met" : "missed", target.worst);
  }
  return text;
}

}  // namespace pkv::failover
