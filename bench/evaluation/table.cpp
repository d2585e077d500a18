#include "evaluation/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <thread>

namespace pkv::evaluation {
namespace {

using Output = std::back_insert_iterator<std::string>;

void add_times(Output to, std::span<const Measurement> runs) {
  fmt::format_to(
      to,
      "\nTime of an operation at rank 0, from its arrival to its answer, in "
      "microseconds\n\n"
      "workers  clients  operation      count      mean       p50       p99        max\n");
  for (const Measurement& run : runs) {
    for (const Kind kind : kinds) {
      const OperationTimes& times = run.times[index_of(kind)];
      fmt::format_to(to, "{:7}  {:7}  {:<9}  {:9}  {:8.1f}  {:8.1f}  {:8.1f}  {:9.1f}\n",
                     run.workers, run.clients, name_of(kind), times.count, times.mean_us,
                     times.p50_us, times.p99_us, times.max_us);
    }
  }
}

void add_balance(Output to, std::span<const Measurement> runs) {
  fmt::format_to(to,
                 "\nThroughput, and how even the requests to the nodes were\n\n"
                 "                  operations   requests per node\n"
                 "workers  clients  per second        mean  std. deviation      peak/mean\n");
  for (const Measurement& run : runs) {
    const Balance balance = run.balance();
    const double relative =
        balance.mean > 0 ? 100 * balance.standard_deviation / balance.mean : 0.0;
    fmt::format_to(to, "{:7}  {:7}  {:10.0f}  {:10.1f}  {:8.1f} ({:4.2f}%)  {:11.3f}\n",
                   run.workers, run.clients, run.operations_per_second(), balance.mean,
                   balance.standard_deviation, relative, balance.peak_to_mean);
  }
}

void add_nodes(Output to, std::span<const Measurement> runs) {
  fmt::format_to(to,
                 "\nNode by node; the share of an even spread is 100 %\n\n"
                 "workers  node    requests        keys   requests   its arcs of the ring\n");
  for (const Measurement& run : runs) {
    const double mean = std::max(run.balance().mean, 1.0);
    for (const NodeLoad& node : run.nodes)
      fmt::format_to(to, "{:7}  {:4}  {:10}  {:10}  {:7.1f} %                {:7.1f} %\n",
                     run.workers, node.node, node.requests, node.keys,
                     100 * static_cast<double>(node.requests) / mean,
                     100 * node.ring_share * static_cast<double>(run.nodes.size()));
  }
}

}  // namespace

std::string describe(const Settings& settings) {
  const double all = std::accumulate(settings.shares.begin(), settings.shares.end(), 0.0);
  const auto percent = [&](Kind kind) { return 100 * settings.shares[index_of(kind)] / all; };
  return fmt::format(
      "{} operations a run: {:.3g} % create, {:.3g} % read, {:.3g} % update, {:.3g} % delete\n"
      "{} keys loaded before, values of {} bytes, {} under way per client, seed {}\n"
      "{} processor cores, shared by clients, rank 0 and workers\n",
      settings.operations, percent(Kind::create), percent(Kind::read), percent(Kind::update),
      percent(Kind::erase), settings.keys, settings.value_bytes, settings.depth, settings.seed,
      std::thread::hardware_concurrency());
}

std::string tables_of(std::span<const Measurement> runs) {
  std::string text;
  add_times(std::back_inserter(text), runs);
  add_balance(std::back_inserter(text), runs);
  add_nodes(std::back_inserter(text), runs);
  return text;
}

}  // namespace pkv::evaluation
