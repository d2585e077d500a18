#include "failover/files.hpp"

#include "support/server_process.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace pkv::failover {
namespace {

std::string phases_csv(const Results& results) {
  std::string text =
      "after,begin_s,end_s,requests_per_second,longest_wait_ms,requests_mean,"
      "requests_standard_deviation,requests_peak_to_mean,requests_peak_to_held,keys_mean,"
      "keys_standard_deviation,keys_peak_to_mean,keys_peak_to_held,ring_peak_to_mean\n";
  const Timeline& timeline = results.timeline;
  for (const Phase& phase : results.phases) {
    fmt::format_to(std::back_inserter(text), "{},{:.3f},{:.3f},{:.1f},{:.3f}", phase.name,
                   timeline.seconds_of(phase.begin), timeline.seconds_of(phase.end),
                   phase.answers_per_second, milliseconds(phase.longest_wait));
    for (const Balance& balance : {phase.requests, phase.keys})
      fmt::format_to(std::back_inserter(text), ",{:.2f},{:.3f},{:.6f},{:.6f}", balance.mean,
                     balance.standard_deviation, balance.peak_to_mean, balance.peak_to_held);
    fmt::format_to(std::back_inserter(text), ",{:.6f}\n", phase.ring_peak_to_mean);
  }
  return text;
}

std::string nodes_csv(const Results& results) {
  std::string text = "after,node,state,epoch,weight,ring_share,held_share,requests,keys\n";
  for (const Phase& phase : results.phases)
    for (const Node& node : phase.nodes)
      fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{:.6f},{:.6f},{},{}\n", phase.name,
                     node.id, node.state, node.epoch, node.weight, node.share, node.held,
                     node.requests, node.keys);
  return text;
}

std::string events_csv(const Results& results) {
  std::string text =
      "event,node,begin_s,known_s,back_s,complete_s,tidy_s,fair_keys,planned_keys,moved_keys,"
      "moved_to_fair,longest_wait_ms,errors,throughput_while_moving\n";
  const auto seconds = [&](Clock::time_point when) { return results.timeline.seconds_of(when); };
  for (const Outcome& outcome : results.outcomes)
    fmt::format_to(std::back_inserter(text),
                   "{},{},{:.3f},{:.3f},{:.3f},{:.3f},{:.3f},{:.0f},{:.0f},{},{:.6f},{:.3f},{},"
                   "{:.6f}\n",
                   to_text(outcome.event), outcome.event.node, seconds(outcome.begin),
                   seconds(outcome.noticed), seconds(outcome.copying), seconds(outcome.complete),
                   seconds(outcome.tidy), outcome.fair_keys, outcome.planned_keys,
                   outcome.moved_keys, outcome.moved_to_fair(), milliseconds(outcome.longest_wait),
                   outcome.errors, outcome.throughput_while_moving());
  return text;
}

std::string timeline_csv(const Timeline& timeline) {
  constexpr Clock::duration step = std::chrono::milliseconds(100);
  std::string text = "seconds,requests_per_second,longest_wait_ms,errors\n";
  for (Clock::time_point from = timeline.begin(); from + step <= timeline.end(); from += step)
    fmt::format_to(std::back_inserter(text), "{:.1f},{:.1f},{:.3f},{}\n", timeline.seconds_of(from),
                   timeline.answers_per_second(from, from + step),
                   milliseconds(timeline.longest_wait(from, from + step)),
                   timeline.errors(from, from + step));
  return text;
}

std::string samples_csv(const Results& results) {
  std::string text = "seconds,node,state,held_share,keys,requests\n";
  for (const Sample& sample : results.samples)
    for (const Node& node : sample.nodes)
      fmt::format_to(std::back_inserter(text), "{:.3f},{},{},{:.6f},{},{}\n",
                     results.timeline.seconds_of(sample.when), node.id, node.state, node.held,
                     node.keys, node.requests);
  return text;
}

std::filesystem::path write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
  return path;
}

std::filesystem::path program_in_path(const std::string& name) {
  const char* folders = std::getenv("PATH");
  std::istringstream rest(folders == nullptr ? "" : folders);
  for (std::string folder; std::getline(rest, folder, ':');)
    if (auto path = std::filesystem::path(folder) / name; std::filesystem::exists(path))
      return path;
  return {};
}

}  // namespace

std::vector<std::filesystem::path> write_csv_files(const std::filesystem::path& folder,
                                                   const Results& results) {
  std::filesystem::create_directories(folder);
  return {write(folder / "phases.csv", phases_csv(results)),
          write(folder / "nodes.csv", nodes_csv(results)),
          write(folder / "events.csv", events_csv(results)),
          write(folder / "timeline.csv", timeline_csv(results.timeline)),
          write(folder / "samples.csv", samples_csv(results))};
}

std::optional<std::string> draw_image(const std::filesystem::path& folder) {
  const std::filesystem::path gnuplot = program_in_path("gnuplot");
  if (gnuplot.empty()) return "gnuplot is not installed";
  test::Command command;
  command.arguments = {gnuplot, "-c", PKV_FAILOVER_SCRIPT, folder};
  const test::Ended gnuplot_run = test::run_to_end(command);
  if (gnuplot_run.exit_status != 0) return "gnuplot failed: " + gnuplot_run.errors;
  return std::nullopt;
}

}  // namespace pkv::failover
