#include "failover/settings.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <map>
#include <thread>

namespace pkv::failover {
namespace {

/// A check of which --help does not show the bounds, which only distract.
template <class Number>
CLI::Validator between(Number least, Number most) {
  return CLI::Range(least, most).description("");
}

void add_load_options(CLI::App& app, Settings& settings) {
  app.add_option("--keys", settings.keys, "Keys, which are loaded before")
      ->check(between(std::size_t{1'000}, std::size_t{50'000'000}))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--value-bytes", settings.value_bytes, "Bytes of every value")
      ->check(between(std::size_t{16}, std::size_t{1} << 20))
      ->type_name("BYTES")
      ->capture_default_str();
  app.add_option("--connections", settings.connections, "Connections of the load")
      ->check(between(std::size_t{1}, std::size_t{1'000}))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--pipeline", settings.pipeline, "Commands that a connection sends at once")
      ->check(between(std::size_t{1}, std::size_t{1'000}))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--rate", settings.rate,
                 "Most commands per second, all connections together; 0: as many as possible")
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--reads", settings.read_percent, "Reads among the commands; the rest writes")
      ->check(between(0U, 100U))
      ->type_name("PERCENT")
      ->capture_default_str();
}

void add_event_options(CLI::App& app, Settings& settings) {
  app.add_option("--events", settings.events, "Events, or a few more: what has begun is undone")
      ->check(between(std::size_t{1}, std::size_t{10'000}))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--seconds-between", settings.seconds_between,
                 "Between an event whose copying is done and the next event")
      ->check(between(0.2, 3'600.0))
      ->type_name("S")
      ->capture_default_str();
  app.add_option("--disturbances", settings.disturbances, "Which ones: fail, kill, drain, weight")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, Disturbance>{{"fail", Disturbance::fail},
                                                         {"kill", Disturbance::kill},
                                                         {"drain", Disturbance::drain},
                                                         {"weight", Disturbance::weight}})
                      .description(""))
      ->expected(1, 4)
      ->type_name("NAME...")
      ->default_str("all");
  app.add_option("--failed-together", settings.failed_together,
                 "Nodes that are failed, one after the other, before they are restored")
      ->check(between(std::size_t{1}, std::size_t{60}))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--weight", settings.weight,
                 "The weight that a node gets for a while, instead of 1")
      ->check(between(0.1, 10.0))
      ->type_name("NUMBER")
      ->capture_default_str();
  app.add_option("--seed", settings.seed, "Seed of all choices")
      ->type_name("NUMBER")
      ->capture_default_str();
}

void add_server_options(CLI::App& app, Settings& settings) {
  app.add_option("--workers", settings.workers, "Nodes")
      ->check(between(2, 64))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--replicas", settings.replicas,
                 "Nodes that hold each key. With one, keys are lost, and errors no failure")
      ->check(between(std::size_t{1}, std::size_t{3}))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--server-option", settings.server_options,
                 "One more word for pkv_server; as often as wanted")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("WORD");
  app.add_option("--port", settings.port,
                 "Of a server without keys on 127.0.0.1 that runs already, with the workers and "
                 "replicas named here")
      ->type_name("PORT");
}

}  // namespace

std::optional<Settings> parse_settings(int argument_count, char** arguments, int& exit_status) {
  Settings settings;
  CLI::App app(
      "Fails nodes of pkv_server under load and brings them back, kills their processes, drains "
      "them and changes their weights. Shows what moved, how even the work was spread after it, "
      "and what the clients noticed.\n"
      "Every answer is checked. The exit status is 1 if one was wrong or a target was missed.",
      "pkv_failover");
  add_server_options(app, settings);
  add_load_options(app, settings);
  add_event_options(app, settings);
  app.add_option("--output", settings.output, "Folder for the CSV files and the image")
      ->take_last()
      ->type_name("FOLDER")
      ->capture_default_str();
  try {
    app.parse(argument_count, arguments);
    const auto workers = static_cast<std::size_t>(settings.workers);
    if (workers < settings.replicas + settings.failed_together)
      throw CLI::ValidationError("--workers", "too few for so many replicas and failed nodes");
  } catch (const CLI::ParseError& reason) {
    exit_status = app.exit(reason) == 0 ? 0 : 2;
    return std::nullopt;
  }
  return settings;
}

std::string describe(const Settings& settings) {
  const std::string rate =
      settings.rate == 0 ? "as fast as possible" : fmt::format("{} a second", settings.rate);
  return fmt::format(
      "{} nodes, {} replica{}; {} keys of 16 bytes, values of {} bytes; seed {}\n"
      "{} connections, {} commands at once on each, {}; {} % reads, {} % writes\n"
      "{} processor cores, shared by clients, rank 0 and workers\n",
      settings.workers, settings.replicas, settings.replicas == 1 ? "" : "s", settings.keys,
      settings.value_bytes, settings.seed, settings.connections, settings.pipeline, rate,
      settings.read_percent, 100 - settings.read_percent, std::thread::hardware_concurrency());
}

}  // namespace pkv::failover
