#include "failover/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace pkv::failover {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds poll_interval{20};
constexpr seconds settling_patience{60};
constexpr seconds load_patience{300};
constexpr seconds warm_up{1};
/// An event's wait may be noticed by a client only after the event.
constexpr milliseconds aftermath{200};
/// Throughput within less than that says nothing.
constexpr milliseconds least_window{200};

std::string states_of(const std::vector<Node>& nodes) {
  std::string text;
  for (const Node& node : nodes)
    text += fmt::format("\n  node {}: {}, {} keys, holds {:.6f}", node.id, node.state, node.keys,
                        node.held);
  return text;
}

/// Whether the node does what it shall once the event is over.
bool has_settled(const Node& node, const Event& event, const Node& before) {
  if (node.id != event.node) return node.state == before.state;
  if (event.change == Change::fail) return node.state == "failed";
  if (event.change == Change::drain) return node.state == "drained";
  return node.is_up();
}

}  // namespace

Experiment::Experiment(const Settings& settings, std::uint16_t port)
    : settings_(settings),
      io_(1),
      load_(io_, settings, results_.timeline),
      server_(io_, port),
      port_(port) {}

Results Experiment::run() {
  prepare();
  std::vector<std::int64_t> nodes;
  for (const Node& node : look())
    nodes.push_back(node.id);
  run_phase("begin");
  for (const Event& event : make_schedule(settings_, nodes)) {
    run_event(event);
    run_phase(to_text(event));
  }
  end();
  evaluate_timeline();
  return std::move(results_);
}

void Experiment::prepare() {
  if (server_.keys() != 0) throw Failure("the server has keys already");
  const Nodes nodes = server_.nodes();
  if (nodes.size() != static_cast<std::size_t>(settings_.workers))
    throw Failure(fmt::format("the server has {} nodes", nodes.size()));
  for (const Node& node : nodes)
    weights_[node.id] = 1;

  load_.connect(port_);
  if (!run_until(
          io_, [this] { return load_.connected(); }, load_patience))
    throw Failure("the connections are not accepted");
  load_.begin(Load::Task::create);
  wait_for_load("loading the keys");
  if (load_.errors().count() > 0)
    throw Failure("loading the keys failed: " + load_.errors().by_text().begin()->first);
  if (const std::uint64_t keys = server_.keys(); keys != settings_.keys)
    throw Failure(fmt::format("the server has {} keys", keys));
  if (!is_tidy(server_.nodes()))
    throw Failure("the keys are not on so many nodes as said" + states_of(server_.nodes()));

  results_.timeline = Timeline(Clock::now());
  load_.begin(Load::Task::mix);
  run_for(warm_up);
}

void Experiment::run_phase(const std::string& name) {
  Phase phase;
  phase.name = name;
  const Nodes before = look();
  phase.begin = Clock::now();
  run_for(std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(settings_.seconds_between)));
  phase.nodes = look();
  phase.end = Clock::now();
  for (std::size_t i = 0; i < before.size(); ++i) {
    Node& node = phase.nodes[i];
    if (node.state != before[i].state || node.epoch != before[i].epoch)
      throw Failure(fmt::format("node {} was {} and is {}, though nothing was done to it", node.id,
                                before[i].state, node.state));
    node.requests -= before[i].requests;
  }
  phase.ring_peak_to_mean = server_.ring_peak_to_mean();
  phase.requests = balance_of_requests(phase.nodes);
  phase.keys = balance_of_keys(phase.nodes);
  results_.phases.push_back(std::move(phase));
}

void Experiment::run_event(const Event& event) {
  const Nodes before = look();
  const auto keys = static_cast<double>(settings_.keys);
  Outcome outcome;
  outcome.event = event;
  outcome.planned_keys = keys * server_.forecast(event, before);
  outcome.fair_keys = fair_keys(event, before);
  std::fprintf(stderr, "%6.1f s  %-20s", results_.timeline.seconds_of(Clock::now()),
               to_text(event).c_str());
  outcome.begin = Clock::now();
  server_.carry_out(event, before);
  if (event.change == Change::weight) weights_[event.node] = event.weight;
  follow(outcome, before);
  const double pause_ms =
      failover::milliseconds(results_.timeline.longest_wait(outcome.begin, outcome.tidy));
  std::fprintf(stderr, "%7.0f ms until complete, %7.0f ms longest wait, %7llu keys moved\n",
               failover::milliseconds(outcome.complete - outcome.begin), pause_ms,
               static_cast<unsigned long long>(outcome.moved_keys));
  results_.outcomes.push_back(outcome);
}

void Experiment::follow(Outcome& outcome, const Nodes& before) {
  const Event& event = outcome.event;
  const std::int64_t deaths = find_node(before, event.node).deaths;
  const bool killed = event.change == Change::kill;
  bool noticed = !killed;
  bool copying = !killed;
  bool complete = false;
  outcome.noticed = outcome.copying = outcome.begin;
  for (;;) {
    const Nodes nodes = look();
    const Clock::time_point now = results_.samples.back().when;
    const Node& node = find_node(nodes, event.node);
    if (!noticed && node.deaths > deaths) {
      noticed = true;
      outcome.noticed = now;
    }
    if (noticed && !copying && node.state != "down") {
      copying = true;
      outcome.copying = now;
    }
    const auto settled = [&](const Node& one) {
      return has_settled(one, event, find_node(before, one.id));
    };
    if (copying && !complete && std::ranges::all_of(nodes, settled)) {
      complete = true;
      outcome.complete = now;
    }
    if (complete && is_tidy(nodes)) {
      outcome.tidy = now;
      for (const Node& one : nodes) {
        const bool emptied = killed && one.id == event.node;
        const std::uint64_t had = emptied ? 0 : find_node(before, one.id).keys;
        if (one.keys > had) outcome.moved_keys += one.keys - had;
      }
      return;
    }
    if (now - outcome.begin > settling_patience)
      throw Failure(to_text(event) + ": not over after a minute:" + states_of(nodes));
    run_for(poll_interval);
  }
}

double Experiment::fair_keys(const Event& event, const Nodes& before) const {
  double total_weight = 0;
  for (const Node& node : before)
    if (node.is_up()) total_weight += weights_.at(node.id);
  const double weight = weights_.at(event.node);
  const double copies = static_cast<double>(settings_.keys * settings_.replicas);
  switch (event.change) {
    case Change::fail:
    case Change::drain:
    case Change::kill:
      return copies * weight / total_weight;
    case Change::restore:
      return copies * weight / (total_weight + weight);
    case Change::weight:
      return copies * std::abs(event.weight / (total_weight + event.weight - weight) -
                               weight / total_weight);
  }
  return 0;
}

/// Every key is on as many nodes as it shall be, and on no other. Keys that were lost, without
/// replicas, leave that open.
bool Experiment::is_tidy(const Nodes& nodes) const {
  constexpr double rounding = 1e-4;  // NODES shows six digits
  double held = 0;
  std::uint64_t keys = 0;
  for (const Node& node : nodes) {
    held += node.held;
    keys += node.keys;
  }
  if (std::abs(held - static_cast<double>(settings_.replicas)) > rounding) return false;
  return settings_.replicas == 1 || keys == settings_.keys * settings_.replicas;
}

void Experiment::end() {
  load_.finish();
  wait_for_load("the last answers");
  results_.missing = load_.missing();
  load_.begin(Load::Task::check);
  wait_for_load("reading every key");
  results_.errors = load_.errors();
  results_.wrong_answers = load_.wrong_answers();
  results_.lost_connections = load_.lost_connections();
}

void Experiment::evaluate_timeline() {
  const Timeline& timeline = results_.timeline;
  for (Phase& phase : results_.phases) {
    phase.answers_per_second = timeline.answers_per_second(phase.begin, phase.end);
    phase.longest_wait = timeline.longest_wait(phase.begin, phase.end);
  }
  for (std::size_t i = 0; i < results_.outcomes.size(); ++i) {
    Outcome& outcome = results_.outcomes[i];
    const Clock::time_point over = outcome.tidy + aftermath;
    outcome.longest_wait = timeline.longest_wait(outcome.begin, over);
    outcome.errors = timeline.errors(outcome.begin, over);
    const Clock::time_point moved = std::max(outcome.tidy, outcome.copying + least_window);
    outcome.answers_while_moving = timeline.answers(outcome.copying, moved);
    outcome.normal_answers = results_.phases[i].answers_per_second *
                             std::chrono::duration<double>(moved - outcome.copying).count();
  }
}

Experiment::Nodes Experiment::look() {
  Sample sample;
  sample.nodes = server_.nodes();
  sample.when = Clock::now();
  for (Node& node : sample.nodes)
    if (const auto weight = weights_.find(node.id); weight != weights_.end())
      node.weight = weight->second;
  results_.samples.push_back(sample);
  return std::move(sample.nodes);
}

Balance Experiment::balance_of_requests(const Nodes& nodes) {
  std::vector<Portion> portions;
  for (const Node& node : nodes)
    if (node.is_up())
      portions.push_back({static_cast<double>(node.requests), node.weight, node.held});
  return balance_of(portions);
}

Balance Experiment::balance_of_keys(const Nodes& nodes) {
  std::vector<Portion> portions;
  for (const Node& node : nodes)
    if (node.is_up()) portions.push_back({static_cast<double>(node.keys), node.weight, node.held});
  return balance_of(portions);
}

void Experiment::wait_for_load(const std::string& what) {
  if (!run_until(
          io_, [this] { return load_.idle(); }, load_patience))
    throw Failure(what + " takes too long");
}

void Experiment::run_for(Clock::duration duration) {
  static_cast<void>(run_until(
      io_, [] { return false; }, duration));
}

}  // namespace pkv::failover
