#include "evaluation/files.hpp"

#include "support/server_process.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace pkv::evaluation {
namespace {

std::string times_csv(std::span<const Measurement> runs) {
  std::string text = "workers,clients,operation,count,mean_us,p50_us,p99_us,max_us\n";
  for (const Measurement& run : runs) {
    for (const Kind kind : kinds) {
      const OperationTimes& times = run.times[index_of(kind)];
      fmt::format_to(std::back_inserter(text), "{},{},{},{},{:.3f},{:.3f},{:.3f},{:.3f}\n",
                     run.workers, run.clients, name_of(kind), times.count, times.mean_us,
                     times.p50_us, times.p99_us, times.max_us);
    }
  }
  return text;
}

std::string runs_csv(std::span<const Measurement> runs) {
  std::string text =
      "workers,clients,operations,seconds,operations_per_second,requests_per_node_mean,"
      "requests_per_node_standard_deviation,requests_per_node_peak_to_mean\n";
  for (const Measurement& run : runs) {
    const Balance balance = run.balance();
    fmt::format_to(std::back_inserter(text), "{},{},{},{:.6f},{:.1f},{:.3f},{:.3f},{:.6f}\n",
                   run.workers, run.clients, run.operations, run.seconds,
                   run.operations_per_second(), balance.mean, balance.standard_deviation,
                   balance.peak_to_mean);
  }
  return text;
}

std::string nodes_csv(std::span<const Measurement> runs) {
  std::string text = "workers,clients,node,requests,keys,ring_share\n";
  for (const Measurement& run : runs)
    for (const NodeLoad& node : run.nodes)
      fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{:.6f}\n", run.workers, run.clients,
                     node.node, node.requests, node.keys, node.ring_share);
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
                                                   std::span<const Measurement> runs) {
  std::filesystem::create_directories(folder);
  return {write(folder / "times.csv", times_csv(runs)), write(folder / "runs.csv", runs_csv(runs)),
          write(folder / "nodes.csv", nodes_csv(runs))};
}

std::optional<std::string> draw_image(const std::filesystem::path& folder) {
  const std::filesystem::path gnuplot = program_in_path("gnuplot");
  if (gnuplot.empty()) return "gnuplot is not installed";
  test::Command command;
  command.arguments = {gnuplot, "-c", PKV_EVALUATION_SCRIPT, folder};
  const test::Ended gnuplot_run = test::run_to_end(command);
  if (gnuplot_run.exit_status != 0) return "gnuplot failed: " + gnuplot_run.errors;
  return std::nullopt;
}

}  // namespace pkv::evaluation
