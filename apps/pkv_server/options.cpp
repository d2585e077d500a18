#include "pkv_server/options.hpp"

#include "wire/tags.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <limits>
#include <map>

namespace pkv::server {
namespace {

constexpr int usage_error = 2;
constexpr int most_workers = 1000;
constexpr std::size_t most_replicas = 3;
constexpr double least_weight = 0.001;

/// A check of which --help does not show the bounds: they are so wide that they only distract.
template <class Number>
CLI::Validator between(Number least, Number most) {
  return CLI::Range(least, most).description("");
}

std::string in_large_units(std::size_t bytes) {
  if (bytes % (std::size_t{1} << 20) == 0) return std::to_string(bytes >> 20) + "MiB";
  return std::to_string(bytes >> 10) + "KiB";
}

/// Accepts 65536, 64KiB, 64k; all units are powers of 1024.
CLI::Option* add_size(CLI::App& app, const char* name, std::size_t& bytes, const char* text) {
  return app.add_option(name, bytes, text)
      ->transform(CLI::AsSizeValue(false).description(""))
      ->type_name("SIZE")
      ->default_str(in_large_units(bytes));
}

void add_connection_options(CLI::App& app, Options& options) {
  app.add_option("--port", options.port, "TCP port for clients; 0 takes any free one")
      ->capture_default_str()
      ->type_name("PORT")
      ->group("Connections");
  app.add_option("--bind", options.bind_address, "Address of this machine to listen on")
      ->capture_default_str()
      ->type_name("ADDRESS")
      ->group("Connections");
  app.add_option("--port-file", options.port_file,
                 "File that holds the port number while the server is ready")
      ->type_name("PATH")
      ->group("Connections");
}

void add_worker_options(CLI::App& app, Options& options, std::string& points) {
  app.add_option("--workers", options.workers,
                 "Worker processes to start; under mpiexec all ranks but the first are workers")
      ->check(between(1, most_workers))
      ->capture_default_str()
      ->type_name("COUNT")
      ->group("Workers");
  app.add_option("--weights", options.weights,
                 "Shares of the keys that the workers hold, relative to each other: a number for "
                 "each, separated by commas")
      ->delimiter(',')
      ->check(between(least_weight, 1 / least_weight))
      ->default_str("all equal")
      ->type_name("WEIGHTS")
      ->group("Workers");
  app.add_option(
         "--points-per-node", points,
         "Points of each worker on the hash ring: 'auto', a number, or 'nodes' for as many as "
         "there are workers (the original scheme, less even)")
      ->check([](const std::string& text) {
        if (text == "auto" || text == "nodes") return std::string();
        return CLI::Range(std::size_t{1}, std::size_t{1} << 20)(text).empty()
                   ? std::string()
                   : std::string("neither 'auto' nor 'nodes' nor a number from 1 to 1048576");
      })
      ->default_str("auto")
      ->type_name("POINTS")
      ->group("Workers");
  app.add_option("--slots", options.transport.slots_per_worker,
                 "Batches that may be under way to one worker")
      ->check(between(std::uint32_t{1}, wire::most_slots))
      ->capture_default_str()
      ->type_name("COUNT")
      ->group("Workers");
  app.add_option("--transport", options.carrier,
                 "What carries messages between ranks: 'auto' (the best there is), 'shm' (shared "
                 "memory, one machine only) or 'tcp'")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Carrier>{{"auto", Carrier::automatic},
                                                                 {"shm", Carrier::shared_memory},
                                                                 {"tcp", Carrier::tcp}})
              .description(""))
      ->default_str("auto")
      ->type_name("NAME")
      ->group("Workers");
  app.add_option("--scheduling", options.scheduling,
                 "Who decides on which CPUs the processes of this machine run: 'auto' (where they "
                 "outnumber the CPUs, they are kept on one as long as that is enough) or 'system'")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Scheduling>{{"auto", Scheduling::automatic},
                                                                    {"system", Scheduling::system}})
              .description(""))
      ->default_str("auto")
      ->type_name("NAME")
      ->group("Workers");
}

/// Options that the parser writes in other types than the settings have.
struct RawOptions {
  std::string points = "auto";
  std::uint32_t heartbeat_limit_ms = 0;
  std::uint32_t orphan_limit_ms = 0;
  std::uint32_t reply_timeout_ms = 0;
  std::uint32_t reply_delay_us = 0;
};

void add_loss_options(CLI::App& app, Options& options, RawOptions& raw) {
  app.add_option("--replicas", options.replicas, "Workers that hold each key")
      ->check(between(std::size_t{1}, most_replicas))
      ->capture_default_str()
      ->type_name("COUNT")
      ->group("Workers");
  app.add_option("--on-worker-loss", options.on_worker_loss,
                 "When the process of a worker dies: 'stop' the server; 'restart' the process; "
                 "'spare', as restart, but dead processes are not started again, only spare ones "
                 "take their place; or 'auto': 'restart' if there are replicas. All but stop go "
                 "over TCP")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, WorkerLoss>{{"auto", WorkerLoss::automatic},
                                                        {"stop", WorkerLoss::stop},
                                                        {"restart", WorkerLoss::restart},
                                                        {"spare", WorkerLoss::spare}})
                      .description(""))
      ->default_str("auto")
      ->type_name("NAME")
      ->group("Workers");
  app.add_option("--heartbeat-limit", raw.heartbeat_limit_ms,
                 "Milliseconds of silence, in steps of 100, after which the process of a worker is "
                 "taken for lost and replaced")
      ->check(between(std::uint32_t{200}, std::uint32_t{3'600'000}))
      ->capture_default_str()
      ->type_name("MS")
      ->group("Workers");
  app.add_option("--orphan-limit", raw.orphan_limit_ms,
                 "Milliseconds after which workers on a machine that has lost the way to rank 0 "
                 "end, and do not come back if it is found later")
      ->check(between(std::uint32_t{1000}, std::uint32_t{86'400'000}))
      ->capture_default_str()
      ->type_name("MS")
      ->group("Workers");
  app.add_option("--spares", options.spares,
                 "Further workers that take the place of nodes whose process cannot return, or are "
                 "added by NODE ADD; under mpiexec the last ones of the ranks")
      ->check(between(std::size_t{0}, std::size_t{most_workers}))
      ->capture_default_str()
      ->type_name("COUNT")
      ->group("Workers");
  add_size(app, "--copy-limit", options.copy_limit,
           "Most bytes per second that are copied to nodes that return or join; 0: no limit")
      ->check(between(std::size_t{0}, std::numeric_limits<std::size_t>::max()))
      ->group("Workers");
  app.add_flag("--enable-debug-commands", options.debug_commands,
               "Accept NODE KILL, which kills a worker's process")
      ->group("Workers");
}

void add_storage_options(CLI::App& app, Options& options) {
  app.add_option("--engine", options.engine,
                 "What the nodes keep their entries in: 'memory', or 'sqlite': a database file "
                 "per node, for which the next server finds the entries again")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Engine>{{"memory", Engine::memory},
                                                                        {"sqlite", Engine::sqlite}})
                      .description(""))
      ->default_str("memory")
      ->type_name("NAME")
      ->group("Storage");
  app.add_option("--data", options.data_folder,
                 "Folder of the database files, made if it is missing; with --engine sqlite")
      ->type_name("PATH")
      ->group("Storage");
  app.add_option("--durability", options.durability,
                 "What has happened to a write when it is answered, with --engine sqlite: 'none' "
                 "or 'batch': it survives the end of all processes, however they end (after a "
                 "loss of power, 'batch' has lost the latest writes at most, and 'none' may have "
                 "damaged the file); 'fsync': it is on the disk")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Durability>{{"none", Durability::none},
                                                                    {"batch", Durability::batch},
                                                                    {"fsync", Durability::fsync}})
              .description(""))
      ->default_str("batch")
      ->type_name("LEVEL")
      ->group("Storage");
  add_size(app, "--cache-bytes", options.cache_bytes,
           "Memory of each node for what it has read of its file, with --engine sqlite")
      ->check(between(std::size_t{1} << 20, std::size_t{1} << 40))
      ->group("Storage");
}

void add_snapshot_options(CLI::App& app, Options& options) {
  app.add_option("--snapshots", options.snapshot_folder,
                 "Folder on the coordinator's machine that SAVE makes snapshots in, made if it is "
                 "missing; with --engine sqlite the default is 'snapshots' in the folder of --data")
      ->type_name("PATH")
      ->group("Storage");
  app.add_option("--restore", options.restore_folder,
                 "Snapshot to begin with: its keys are put into the store, which must be empty, "
                 "before clients are served; on the coordinator's machine")
      ->type_name("PATH")
      ->group("Storage");
  add_size(app, "--view-bytes", options.view_bytes,
           "Memory of each node for what is replaced while a snapshot or an export is read; where "
           "more is replaced than that, it fails")
      ->check(between(std::size_t{1} << 20, std::size_t{1} << 40))
      ->group("Storage");
}

/// Throws if the options do not go together.
void check_storage_options(const CLI::App& app, const Options& options) {
  const auto given = [&app](const char* name) { return app.get_option(name)->count() > 0; };
  if (options.engine == Engine::memory) {
    for (const char* const name : {"--data", "--durability", "--cache-bytes"})
      if (given(name))
        throw CLI::ValidationError(name, "is for nodes with files: add --engine sqlite");
    return;
  }
  if (given("--max-memory"))
    throw CLI::ValidationError("--max-memory",
                               "is for entries in memory: with --engine sqlite give --cache-bytes");
  if (options.data_folder.empty())
    throw CLI::ValidationError("--engine", "sqlite needs a folder for its files: add --data PATH");
  if (options.spares > 0)
    throw CLI::ValidationError("--spares",
                               "not with --engine sqlite: nodes with files cannot "
                               "take the place of others; start with other --workers instead");
  if (options.limits.max_key_bytes + options.limits.max_value_bytes >
      SqliteEngine::most_entry_bytes)
    throw CLI::ValidationError("--max-value-bytes",
                               "with --engine sqlite a key and its value have at most " +
                                   std::to_string(SqliteEngine::most_entry_bytes) + " bytes");
}

void add_memory_option(CLI::App& app, Options& options) {
  add_size(app, "--max-memory", options.max_memory,
           "Most memory for the entries of all nodes, with --engine memory: what could take more "
           "is refused with -OOM. Each node has its weight's share; 0: no limit")
      ->default_str("0")
      ->check(between(std::size_t{0}, std::numeric_limits<std::size_t>::max()))
      ->group("Storage");
}

void add_limit_options(CLI::App& app, Options& options, RawOptions& raw) {
  add_size(app, "--max-key-bytes", options.limits.max_key_bytes, "Longest key accepted")
      ->check(between(std::size_t{1}, largest_max_key_bytes))
      ->group("Limits");
  add_size(app, "--max-value-bytes", options.limits.max_value_bytes, "Longest value accepted")
      ->check(between(std::size_t{1}, largest_max_value_bytes))
      ->group("Limits");
  app.add_option("--max-clients", options.limits.max_clients, "Connections served at once")
      ->check(between(std::size_t{1}, std::size_t{1} << 20))
      ->capture_default_str()
      ->type_name("COUNT")
      ->group("Limits");
  app.add_option("--reply-timeout", raw.reply_timeout_ms,
                 "Milliseconds after which a worker's silence is reported to the clients that wait")
      ->check(between(std::uint32_t{1}, std::uint32_t{86'400'000}))
      ->capture_default_str()
      ->type_name("MS")
      ->group("Limits");
  app.add_option("--reply-delay", raw.reply_delay_us,
                 "Microseconds that replies to a pipelining client may wait for those right behind "
                 "them, to leave together; 0: they never wait")
      ->check(between(std::uint32_t{0}, std::uint32_t{1'000'000}))
      ->capture_default_str()
      ->type_name("US")
      ->group("Limits");
}

void add_log_options(CLI::App& app, Options& options) {
  app.add_option("--log-level", options.log_level,
                 "Least important messages to log: debug, info, warning or error")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, LogLevel>{{"debug", LogLevel::debug},
                                                                  {"info", LogLevel::info},
                                                                  {"warning", LogLevel::warning},
                                                                  {"error", LogLevel::error}})
              .description(""))
      ->default_str("info")
      ->type_name("LEVEL")
      ->group("Log");
  app.add_option("--log-file", options.log_file,
                 "File to append the log to, instead of standard error")
      ->type_name("PATH")
      ->group("Log");
}

RingOptions ring_options(const std::string& points) {
  RingOptions ring;
  if (points == "nodes") {
    ring.scheme = RingScheme::node_count;
  } else if (points != "auto") {
    ring.points_per_node = std::stoull(points);
  }
  return ring;
}

}  // namespace

std::optional<Options> parse_options(int argument_count, char** arguments, bool may_speak,
                                     int& exit_status) {
  Options options;
  RawOptions raw;
  raw.reply_timeout_ms = static_cast<std::uint32_t>(options.limits.reply_timeout.count());
  raw.reply_delay_us = static_cast<std::uint32_t>(options.limits.reply_delay.count());
  raw.heartbeat_limit_ms = static_cast<std::uint32_t>(options.heartbeat_limit.count());
  raw.orphan_limit_ms = static_cast<std::uint32_t>(options.orphan_limit.count());

  CLI::App app(
      "A parallel key-value store: one coordinator takes clients, MPI worker ranks hold the data.\n"
      "Run it as it is and it starts its own ranks; or run it under mpiexec, with 2 ranks or "
      "more.");
  app.name("pkv_server");
  app.get_formatter()->column_width(34);
  app.set_version_flag("--version", "pkv_server " PKV_VERSION);
  add_connection_options(app, options);
  add_worker_options(app, options, raw.points);
  add_loss_options(app, options, raw);
  add_storage_options(app, options);
  add_snapshot_options(app, options);
  add_memory_option(app, options);
  add_limit_options(app, options, raw);
  add_log_options(app, options);

  try {
    app.parse(argument_count, arguments);
    check_storage_options(app, options);
    if (options.carrier == Carrier::shared_memory && options.outlives_workers())
      throw CLI::ValidationError("--transport",
                                 "shm: a process that dies in shared memory can block the others, "
                                 "so with replicas, or where the loss of workers does not stop the "
                                 "server, use tcp");
  } catch (const CLI::Success& success) {
    if (may_speak) app.exit(success);
    exit_status = 0;
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    if (may_speak) std::fprintf(stderr, "pkv_server: %s (see pkv_server --help)\n", error.what());
    exit_status = usage_error;
    return std::nullopt;
  }
  if (options.over_tcp()) options.transport.suit_tcp();
  options.ring = ring_options(raw.points);
  options.heartbeat_limit = std::chrono::milliseconds(raw.heartbeat_limit_ms);
  options.orphan_limit = std::chrono::milliseconds(raw.orphan_limit_ms);
  options.limits.reply_timeout = std::chrono::milliseconds(raw.reply_timeout_ms);
  options.limits.reply_delay = std::chrono::microseconds(raw.reply_delay_us);
  return options;
}

}  // namespace pkv::server
