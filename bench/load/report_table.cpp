#include "load/percentiles.hpp"
#include "load/presets.hpp"
#include "load/progress.hpp"
#include "load/report.hpp"

#include <fmt/format.h>

#include <iterator>

namespace pkv::bench {
namespace {

using Output = std::back_insert_iterator<std::string>;

constexpr double busy_generator = 0.9;
constexpr double late_ms = 1;

std::string count_of(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

void add_row(Output to, std::string_view name, const LatencyHistogram& latencies,
             const Measurement& measurement) {
  fmt::format_to(to, "{:<17} {:>12} {:>11} {:>9.3f}", name, grouped(latencies.count()),
                 grouped(static_cast<std::uint64_t>(measurement.per_second(latencies.count()))),
                 milliseconds(latencies.mean()));
  for (const Percentile& percentile : reported_percentiles)
    fmt::format_to(to, " {:>9.3f}", milliseconds(latencies.percentile(percentile.percent)));
  fmt::format_to(to, " {:>9.3f}\n", milliseconds(latencies.largest()));
}

void add_latencies(Output to, const Measurement& measurement) {
  fmt::format_to(to, "{:<17} {:>12} {:>11} {:>9}", "latency in ms", "operations", "per second",
                 "mean");
  for (const Percentile& percentile : reported_percentiles)
    fmt::format_to(to, " {:>9}", percentile.name);
  fmt::format_to(to, " {:>9}\n", "max");
  int kinds_seen = 0;
  for (const Kind kind : kinds) {
    const LatencyHistogram& latencies = measurement.tally.latencies[index_of(kind)];
    if (latencies.count() == 0) continue;
    add_row(to, name_of(kind), latencies, measurement);
    ++kinds_seen;
  }
  if (kinds_seen != 1) add_row(to, "all", measurement.tally.all_latencies(), measurement);
}

void add_generator(Output to, const Options& options, const Measurement& measurement) {
  const double load = measurement.generator_load();
  fmt::format_to(to, "generator: {:.0f} % of {} busy", 100 * load,
                 count_of(measurement.threads, "thread"));
  if (options.rate) {
    const LatencyHistogram& delays = measurement.tally.send_delays;
    fmt::format_to(to, "; sent late by {:.3f} ms at p50, {:.3f} at p99, {:.3f} at most",
                   milliseconds(delays.percentile(50)), milliseconds(delays.percentile(99)),
                   milliseconds(delays.largest()));
  }
  fmt::format_to(to, "\n");
  if (load > busy_generator)
    fmt::format_to(to,
                   "NOTE: the generator was busy all the time and may itself be the limit; more "
                   "--threads may help.\n");
}

void add_open_loop(Output to, const Options& options, const Measurement& measurement) {
  if (!options.rate) return;
  const Tally& tally = measurement.tally;
  if (tally.unsent > 0)
    fmt::format_to(to,
                   "NOTE: {} were due but never sent, because earlier ones had not been answered; "
                   "the latencies above leave them out.\n",
                   count_of(tally.unsent, "operation"));
  if (milliseconds(tally.send_delays.percentile(99)) > late_ms)
    fmt::format_to(to,
                   "NOTE: the generator could not keep to the schedule (see how late it sent); the "
                   "latencies contain its delays.\n");
  const double reached = measurement.per_second(tally.succeeded());
  if (reached < 0.99 * *options.rate)
    fmt::format_to(to, "NOTE: {:.0f} operations per second were asked for, {:.0f} were done.\n",
                   *options.rate, reached);
}

std::string loop_of(const Options& options) {
  if (!options.rate) return "closed loop";
  return fmt::format("open loop, {:.6g} operations per second at {} intervals", *options.rate,
                     options.poisson ? "random" : "even");
}

}  // namespace

std::string describe(const Options& options) {
  const MixSettings& mix = options.mix;
  std::string text =
      fmt::format("{}:{}, {}; {}, keys of {} bytes, values of {}; seed {}\n", options.host,
                  options.port, name_of(options.protocol), count_of(mix.records, "record"),
                  options.key_bytes, options.value_bytes, mix.seed);
  if (!options.measure) return text;
  const std::string skew =
      mix.distribution == Distribution::uniform ? "" : fmt::format(" {:g}", mix.theta);
  fmt::format_to(std::back_inserter(text), "{}, {}{} keys; {}, {}, pipeline {}, {}\n",
                 options.workload, name_of(mix.distribution), skew,
                 count_of(options.clients, "client"), count_of(options.threads, "thread"),
                 options.pipeline, loop_of(options));
  return text;
}

std::string table_of(const Options& options, const Measurement& measurement) {
  const Tally& tally = measurement.tally;
  std::string text;
  const Output to = std::back_inserter(text);
  add_latencies(to, measurement);
  fmt::format_to(to, "{} in {:.2f} s; sent {:.2f} MB/s, received {:.2f} MB/s\n",
                 count_of(tally.succeeded(), "operation"), measurement.seconds,
                 measurement.per_second(tally.sent_bytes) / 1e6,
                 measurement.per_second(tally.received_bytes) / 1e6);
  if (tally.missing > 0) fmt::format_to(to, "{} found nothing\n", count_of(tally.missing, "read"));
  fmt::format_to(to, "{}, {}\n", count_of(tally.errors.count(), "error"),
                 tally.mismatches == 1 ? "1 mismatch"
                                       : fmt::format("{} mismatches", grouped(tally.mismatches)));
  add_generator(to, options, measurement);
  add_open_loop(to, options, measurement);
  return text;
}

std::string faults_of(const Tally& tally) {
  std::string text;
  const Output to = std::back_inserter(text);
  for (const auto& [error, times] : tally.errors.by_text())
    fmt::format_to(to, "error ({} times): {}\n", grouped(times), error);
  for (const std::string& sample : tally.samples)
    fmt::format_to(to, "mismatch: {}\n", sample);
  if (tally.mismatches > tally.samples.size())
    fmt::format_to(to, "({} more mismatches)\n", grouped(tally.mismatches - tally.samples.size()));
  return text;
}

}  // namespace pkv::bench
