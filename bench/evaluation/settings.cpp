#include "evaluation/settings.hpp"

#include <CLI/CLI.hpp>

#include <numeric>

namespace pkv::evaluation {
namespace {

constexpr std::size_t most_keys = 100'000'000;

void add_load_options(CLI::App& app, Settings& settings, std::vector<unsigned>& shares) {
  app.add_option("--operations", settings.operations,
                 "Measured operations of each run, all clients together")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--keys", settings.keys, "Keys loaded before the measured part of each run")
      ->check(CLI::Range(std::size_t{0}, most_keys))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--value-bytes", settings.value_bytes, "Bytes of every value")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1} << 20))
      ->type_name("BYTES")
      ->capture_default_str();
  app.add_option("--depth", settings.depth,
                 "Operations that each client keeps under way; 1 waits for every answer")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000}))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--shares", shares, "How often clients create, read, update and delete")
      ->expected(4)
      ->check(CLI::Range(0U, 1'000'000U).description(""))
      ->type_name("C R U D")
      ->default_str("25 40 25 10");
  app.add_option("--seed", settings.seed, "Seed of the clients' choices")
      ->type_name("NUMBER")
      ->capture_default_str();
}

}  // namespace

std::optional<Settings> parse_settings(int argument_count, char** arguments, int& exit_status) {
  Settings settings;
  std::vector<unsigned> shares(settings.shares.begin(), settings.shares.end());
  CLI::App app(
      "Runs pkv_server with several numbers of workers, each time with as many clients, and shows "
      "the times measured at rank 0, the throughput and how the nodes shared the requests.\n"
      "Every answer is checked.",
      "pkv_evaluation");
  app.add_option("--workers", settings.workers, "Numbers of workers, one run each")
      ->check(CLI::Range(1, 64).description(""))
      ->type_name("COUNT...")
      ->default_str("1 2 4 8");
  add_load_options(app, settings, shares);
  app.add_option("--output", settings.output, "Folder for the CSV files and the image")
      ->take_last()
      ->type_name("FOLDER")
      ->capture_default_str();
  try {
    app.parse(argument_count, arguments);
    if (std::accumulate(shares.begin(), shares.end(), 0U) == 0)
      throw CLI::ValidationError("--shares", "one of them must be above 0");
  } catch (const CLI::ParseError& reason) {
    exit_status = app.exit(reason) == 0 ? 0 : 2;
    return std::nullopt;
  }
  std::copy(shares.begin(), shares.end(), settings.shares.begin());
  return settings;
}

}  // namespace pkv::evaluation
