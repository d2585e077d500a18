#include "load/percentiles.hpp"
#include "load/presets.hpp"
#include "load/report.hpp"

#include <fmt/format.h>

#include <iterator>
#include <vector>

namespace pkv::bench {
namespace {

using Output = std::back_insert_iterator<std::string>;

/// Between quotes, as JSON wants it. What servers say need not be UTF-8: bytes beyond ASCII become
/// question marks.
std::string json_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') quoted += '\\';
    quoted += byte >= ' ' && byte <= '~' ? byte : '?';
  }
  return quoted + '"';
}

void add_settings(Output to, const Options& options) {
  fmt::format_to(to,
                 "  \"host\": {}, \"port\": {}, \"protocol\": \"{}\", \"seed\": {},\n"
                 "  \"workload\": {}, \"distribution\": \"{}\", \"theta\": {},\n",
                 json_text(options.host), options.port,
                 options.protocol == Protocol::resp ? "resp" : "memcached", options.mix.seed,
                 json_text(options.workload), name_of(options.mix.distribution), options.mix.theta);
  fmt::format_to(
      to,
      "  \"records\": {}, \"key_bytes\": {}, \"value_bytes\": {},\n"
      "  \"clients\": {}, \"threads\": {}, \"pipeline\": {}, \"rate\": {}, \"poisson\": {},\n",
      options.mix.records, options.key_bytes, options.value_bytes, options.clients, options.threads,
      options.pipeline, options.rate ? fmt::format("{}", *options.rate) : "null", options.poisson);
}

void add_latencies(Output to, std::string_view name, const LatencyHistogram& latencies,
                   const Measurement& measurement) {
  fmt::format_to(to,
                 "    \"{}\": {{\"operations\": {}, \"operations_per_second\": {:.1f}, "
                 "\"mean_ms\": {:.6f}",
                 name, latencies.count(), measurement.per_second(latencies.count()),
                 milliseconds(latencies.mean()));
  for (const Percentile& percentile : reported_percentiles)
    fmt::format_to(to, ", \"{}_ms\": {:.6f}", percentile.identifier,
                   milliseconds(latencies.percentile(percentile.percent)));
  fmt::format_to(to, ", \"max_ms\": {:.6f}}}", milliseconds(latencies.largest()));
}

void add_counts(Output to, const Measurement& measurement) {
  const Tally& tally = measurement.tally;
  fmt::format_to(to,
                 "  \"seconds\": {:.6f}, \"operations\": {}, \"operations_per_second\": {:.1f},\n"
                 "  \"sent_bytes_per_second\": {:.1f}, \"received_bytes_per_second\": {:.1f},\n",
                 measurement.seconds, tally.succeeded(), measurement.per_second(tally.succeeded()),
                 measurement.per_second(tally.sent_bytes),
                 measurement.per_second(tally.received_bytes));
  fmt::format_to(to,
                 "  \"errors\": {}, \"mismatches\": {}, \"missing\": {}, \"unsent\": {},\n"
                 "  \"generator_load\": {:.4f}, \"sent_late_p99_ms\": {:.6f}, "
                 "\"sent_late_max_ms\": {:.6f},\n",
                 tally.errors.count(), tally.mismatches, tally.missing, tally.unsent,
                 measurement.generator_load(), milliseconds(tally.send_delays.percentile(99)),
                 milliseconds(tally.send_delays.largest()));
}

void add_error_texts(Output to, const Tally& tally) {
  fmt::format_to(to, "  \"error_texts\": {{");
  std::string_view separator;
  for (const auto& [text, times] : tally.errors.by_text()) {
    fmt::format_to(to, "{}{}: {}", separator, json_text(text), times);
    separator = ", ";
  }
  fmt::format_to(to, "}},\n");
}

void add_seconds(Output to, const Measurement& measurement) {
  fmt::format_to(to, "  \"by_second\": [");
  std::string_view separator;
  for (const SecondFigures& second : measurement.by_second) {
    fmt::format_to(to,
                   "{}\n    {{\"end\": {:.3f}, \"operations\": {}, \"operations_per_second\": "
                   "{:.1f}, \"p50_ms\": {:.6f}, \"p99_ms\": {:.6f}, \"max_ms\": {:.6f}, "
                   "\"errors\": {}, \"mismatches\": {}}}",
                   separator, second.end, second.operations, second.operations_per_second,
                   second.p50_ms, second.p99_ms, second.max_ms, second.errors, second.mismatches);
    separator = ",";
  }
  fmt::format_to(to, "\n  ]\n");
}

/// From 0 to as close to 100 as that many operations can tell: ten steps to each halving of the
/// rest.
std::vector<double> many_percentiles(std::uint64_t operations) {
  if (operations == 0) return {};
  std::vector<double> percentiles = {0};
  const double last = 100 - 100.0 / static_cast<double>(operations);
  double step = 5;
  for (double percent = step; percent < last; percent += step) {
    percentiles.push_back(percent);
    if (100 - percent <= 10 * step) step /= 2;
  }
  return percentiles;
}

}  // namespace

std::string json_of(const Options& options, const Measurement& measurement) {
  std::string text = "{\n";
  const Output to = std::back_inserter(text);
  add_settings(to, options);
  add_counts(to, measurement);
  add_error_texts(to, measurement.tally);
  fmt::format_to(to, "  \"latencies\": {{\n");
  for (const Kind kind : kinds) {
    const LatencyHistogram& latencies = measurement.tally.latencies[index_of(kind)];
    if (latencies.count() == 0) continue;
    add_latencies(to, name_of(kind), latencies, measurement);
    fmt::format_to(to, ",\n");
  }
  add_latencies(to, "all", measurement.tally.all_latencies(), measurement);
  fmt::format_to(to, "\n  }},\n");
  add_seconds(to, measurement);
  return text + "}\n";
}

std::string csv_of(const Measurement& measurement) {
  std::string text =
      "end_s,operations,operations_per_second,bytes_per_second,mean_ms,p50_ms,p99_ms,p999_ms,"
      "max_ms,errors,mismatches\n";
  for (const SecondFigures& second : measurement.by_second)
    fmt::format_to(std::back_inserter(text),
                   "{:.3f},{},{:.1f},{:.1f},{:.6f},{:.6f},{:.6f},{:.6f},{:.6f},{},{}\n", second.end,
                   second.operations, second.operations_per_second, second.bytes_per_second,
                   second.mean_ms, second.p50_ms, second.p99_ms, second.p999_ms, second.max_ms,
                   second.errors, second.mismatches);
  return text;
}

std::string percentiles_csv_of(const Measurement& measurement) {
  std::vector<std::pair<std::string_view, LatencyHistogram>> columns;
  columns.emplace_back("all", measurement.tally.all_latencies());
  for (const Kind kind : kinds)
    if (const auto& latencies = measurement.tally.latencies[index_of(kind)]; latencies.count() > 0)
      columns.emplace_back(name_of(kind), latencies);
  if (columns.size() == 2) columns.pop_back();  // the same as all

  std::string text = "percentile,one_in";
  for (const auto& column : columns)
    fmt::format_to(std::back_inserter(text), ",{}", column.first);
  text += '\n';
  for (const double percent : many_percentiles(columns.front().second.count())) {
    fmt::format_to(std::back_inserter(text), "{:.6f},{:.6f}", percent, 100 / (100 - percent));
    for (const auto& column : columns)
      fmt::format_to(std::back_inserter(text), ",{:.6f}",
                     milliseconds(column.second.percentile(percent)));
    text += '\n';
  }
  return text;
}

}  // namespace pkv::bench
