#include "torture/options.hpp"

#include <CLI/CLI.hpp>

#include <random>

namespace pkv::torture {
namespace {

constexpr const char* description =
    R"(pkv_torture - looks for broken promises of a store while things go wrong

Clients read and write a few keys, many at once, while worker processes are killed and stopped. All
that they saw is then checked: every key's operations have to be linearizable, commands on several
keys atomic, increments counted once, and what was acknowledged has to be there at the end.)";

constexpr const char* footer = R"(
Starts a server of its own, or tries one that runs (--port): a pkv_server or a redis-server. The
faults follow from the seed; what clients do follows from it too, but not when it arrives.
No more than REPLICAS - 1 nodes are away at the same time, so nothing may be lost.

Exit status: 0 all promises held and all faults took place, 1 not so, 2 wrong usage, 130 interrupted.

Examples:
  pkv_torture --minutes 10 --kills 100          pkv_torture --replicas 1 --minutes 0.1
  pkv_torture --port 6379 --replicas 1          pkv_torture -- --heartbeat-limit 400
)";

constexpr double most_operations = 20e6;  // about 100 bytes each are kept
constexpr double kills_a_minute = 10;

/// What the command line says in a form that needs work.
struct Raw {
  double minutes = 1;
  std::optional<std::uint64_t> seed;
  std::optional<std::size_t> kills;
  std::optional<std::size_t> stops;
  std::optional<std::size_t> ring_changes;
  std::optional<std::uint16_t> port;
};

template <class T>
CLI::Validator between(T least, T most) {
  return CLI::Range(least, most).description("");
}

void add_server_options(CLI::App& app, Options& options, Raw& raw) {
  const char* group = "Server";
  app.add_option("--server", options.server, "Program to start")
      ->type_name("PATH")
      ->capture_default_str()
      ->group(group);
  app.add_option("--port", raw.port, "Use the server that listens there on 127.0.0.1")
      ->type_name("PORT")
      ->check(between(1, 65535))
      ->excludes("--server")
      ->group(group);
  app.add_option("--workers", options.workers, "Workers of the server to start")
      ->type_name("COUNT")
      ->check(between(1, 1000))
      ->capture_default_str()
      ->group(group);
  app.add_option("--replicas", options.replicas, "Nodes that hold each key")
      ->type_name("COUNT")
      ->check(between(1, 3))
      ->capture_default_str()
      ->group(group);
  app.add_option("server options", options.server_options, "Behind --: for the server")
      ->group(group);
}

void add_load_options(CLI::App& app, Options& options, Raw& raw) {
  const char* group = "Load";
  app.add_option("--minutes", raw.minutes, "How long")
      ->check(between(0.01, 10'000.0))
      ->capture_default_str()
      ->group(group);
  app.add_option("--seed", raw.seed, "Of all that is random; else a random one")->group(group);
  app.add_option("--clients", options.clients, "Connections")
      ->type_name("COUNT")
      ->check(between(1, 200))
      ->capture_default_str()
      ->group(group);
  app.add_option("--keys", options.keys, "Keys, or groups of keys, that they share")
      ->type_name("COUNT")
      ->check(between(8, 10'000))
      ->capture_default_str()
      ->group(group);
  app.add_option("--pipeline", options.pipeline, "Most commands sent together")
      ->type_name("COUNT")
      ->check(between(1, 100))
      ->capture_default_str()
      ->group(group);
  app.add_option("--rate", options.rate, "Commands per second, all clients together")
      ->type_name("COUNT")
      ->check(between(1.0, 1e6))
      ->capture_default_str()
      ->group(group);
  app.add_flag("-q,--quiet", options.quiet, "No line per second")->group(group);
}

void add_fault_options(CLI::App& app, Raw& raw) {
  const char* group = "Faults";
  app.add_option("--kills", raw.kills,
                 "Workers to kill, by SIGKILL or SIGSEGV; else 10 a minute if there are replicas")
      ->type_name("COUNT")
      ->group(group);
  app.add_option("--stops", raw.stops,
                 "Workers to stop for 0.2 to 3 s; else one for every five kills")
      ->type_name("COUNT")
      ->group(group);
  app.add_option("--ring-changes", raw.ring_changes,
                 "Nodes to take out and back in; else one for every ten kills, if the server can")
      ->type_name("COUNT")
      ->group(group);
}

void complete(Options& options, const Raw& raw) {
  options.port = raw.port;
  options.seed = raw.seed ? *raw.seed : std::random_device()();
  options.duration = std::chrono::duration<double>(60 * raw.minutes);
  const auto usual = static_cast<std::size_t>(kills_a_minute * raw.minutes + 0.5);
  options.kills = raw.kills.value_or(options.replicas > 1 ? usual : 0);
  options.stops = raw.stops.value_or(options.kills / 5);
  options.ring_changes = raw.ring_changes.value_or(options.kills / 10);
  if (options.replicas == 1 && options.kills + options.stops + options.ring_changes > 0)
    throw CLI::ValidationError("--kills", "without replicas keys are lost: nothing to check");
  if (options.port && !options.server_options.empty())
    throw CLI::ValidationError("--port", "options are for a server that is started");
  if (options.rate * options.duration.count() > most_operations)
    throw CLI::ValidationError("--rate", "makes more operations than can be kept: 20 million");
}

}  // namespace

std::variant<Options, ExitStatus> parse_options(int argument_count, const char* const* arguments) {
  Options options;
  options.server = PKV_SERVER_PATH;
  Raw raw;
  CLI::App app(description, "pkv_torture");
  app.footer(footer);
  add_server_options(app, options, raw);
  add_load_options(app, options, raw);
  add_fault_options(app, raw);
  try {
    app.parse(argument_count, arguments);
    complete(options, raw);
  } catch (const CLI::ParseError& reason) {
    return app.exit(reason) == 0 ? ExitStatus::success : ExitStatus::usage;
  }
  return options;
}

}  // namespace pkv::torture
