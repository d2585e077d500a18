#include "pkv_server/options.hpp"

#include "pkv_server/option_groups.hpp"

#include <cstdio>
#include <map>

namespace pkv::server {
namespace {

constexpr int usage_error = 2;

std::string in_large_units(std::size_t bytes) {
  if (bytes % (std::size_t{1} << 20) == 0) return std::to_string(bytes >> 20) + "MiB";
  return std::to_string(bytes >> 10) + "KiB";
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

CLI::Option* add_size(CLI::App& app, const char* name, std::size_t& bytes, const char* text) {
  return app.add_option(name, bytes, text)
      ->transform(CLI::AsSizeValue(false).description(""))
      ->type_name("SIZE")
      ->default_str(in_large_units(bytes));
}

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
  add_worker_options(app, options, raw);
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
