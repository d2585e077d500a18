#include "load/options.hpp"

#include "load/check_options.hpp"
#include "load/presets.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>

namespace pkv::bench {
namespace {

constexpr const char* description =
    R"(pkv_bench - measures pkv, or another server that knows GET and SET

Fills the server with records, then lets clients read and write them, checks every answer, and
prints throughput and latencies. Without options: 100,000 records, then YCSB's workload B by 50
clients for 5 seconds.)";

constexpr const char* footer =
    R"(
Workloads: a 50 % read, 50 % update | b 95 % read, 5 % update | c read | d 95 % read of the latest,
5 % insert | e 95 % scan, 5 % insert | f 50 % read, 50 % read-modify-write (YCSB's core workloads; all
but d choose keys by Zipf's law) | get, set (pure; keys uniform). e needs a server with Redis's SCAN,
whose "SCAN cursor COUNT n", n from 1 to 100, stands for a scan of n records.

Closed loop: a client sends --pipeline requests at once and the next ones when all answers are there;
the latency of a request counts from that write. Open loop (--rate): operations are due at fixed
times whatever the server does. They go to the clients in turn, no more than --pipeline under way on
each; while all are full they wait, and the latency counts from when they were due. So a server
that stalls cannot hide it (no coordinated omission). How late the generator itself was is printed.

Values: all bytes follow from the key and a version within the value, and every value that is read is
compared. A wrong or missing one is a mismatch. Keys stay in the server; a later run with the same
--prefix, --records and sizes can use them with --no-load.

Exit status: 0 all well, 1 errors or mismatches, 2 wrong usage, 3 no connection, 130 interrupted.

Examples:
  pkv_bench                                        pkv_bench -w a -P 16 --duration 30
  pkv_bench -w c --rate 20000 --poisson            pkv_bench -w set -n 1000000 -d 1024 --no-load
  pkv_bench --port 11211 --protocol memcached      pkv_bench -w b --json b.json --plot b.png
)";

/// What the command line says in a form that needs work.
struct Raw {
  std::string workload = "b";
  std::string protocol = "resp";
  std::string distribution;
  double read_ratio = -1;
  double timeout = 10;
  double duration = 5;
  double warm_up = 1;
  bool no_load = false;
  bool load_only = false;
};

// Without CLI11's own words for a range, which repeat the limits after every option.
template <class T>
CLI::Validator between(T least, T most) {
  return CLI::Range(least, most).description("");
}

void add_server_options(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("--host", options.host, "Name or address of the server")
      ->type_name("NAME")
      ->envname("PKV_HOST")
      ->capture_default_str()
      ->group("Server");
  app.add_option("--port", options.port, "Port of the server")
      ->type_name("PORT")
      ->envname("PKV_PORT")
      ->check(between(1, 65535))
      ->capture_default_str()
      ->group("Server");
  app.add_option("--timeout", raw.timeout, "Seconds to wait for a connection and for each answer")
      ->type_name("SECONDS")
      ->check(between(0.001, 1e6))
      ->capture_default_str()
      ->group("Server");
  app.add_option("--protocol", raw.protocol,
                 "resp (pkv, Redis, proxies) or memcached (its text protocol)")
      ->type_name("NAME")
      ->check(CLI::IsMember({"resp", "memcached"}).description(""))
      ->capture_default_str()
      ->group("Server");
}

void add_data_options(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("-r,--records", options.mix.records, "Records to load, and to choose keys from")
      ->type_name("COUNT")
      ->check(between(std::uint64_t{1}, most_records))
      ->capture_default_str()
      ->group("Data");
  app.add_option("--key-bytes", options.key_bytes, "Length of the keys")
      ->type_name("BYTES")
      ->check(between(std::size_t{1}, most_key_bytes))
      ->capture_default_str()
      ->group("Data");
  app.add_option("-d,--value-bytes", options.value_bytes, "Length of the values")
      ->type_name("BYTES")
      ->check(between(std::size_t{1}, most_value_bytes))
      ->capture_default_str()
      ->group("Data");
  app.add_option("--prefix", options.prefix, "What keys begin with; their number follows")
      ->type_name("TEXT")
      ->capture_default_str()
      ->group("Data");
  app.add_flag("--no-load", raw.no_load, "The records are there already (from an earlier run)")
      ->group("Data");
  app.add_flag("--load-only", raw.load_only, "Load, and measure nothing")->group("Data");
  app.add_flag("--allow-missing", options.allow_missing,
               "Reads that find nothing are no mismatches (caches)")
      ->group("Data");
}

void add_work_options(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("-w,--workload", raw.workload, "a, b, c, d, e, f, get or set; see below")
      ->type_name("NAME")
      ->capture_default_str()
      ->group("Work");
  app.add_option("--read-ratio", raw.read_ratio,
                 "Instead of a workload: that part of operations reads, the rest updates")
      ->type_name("0..1")
      ->check(between(0.0, 1.0))
      ->excludes("--workload")
      ->group("Work");
  app.add_option("--distribution", raw.distribution,
                 "How keys are chosen: uniform, zipf or latest; else the workload says")
      ->type_name("NAME")
      ->check(CLI::IsMember({"uniform", "zipf", "latest"}).description(""))
      ->group("Work");
  app.add_option("--theta", options.mix.theta, "Skew of zipf and latest, between 0 and 1")
      ->type_name("NUMBER")
      ->check(between(0.01, 0.9999))
      ->capture_default_str()
      ->group("Work");
  app.add_option("--seed", options.mix.seed, "Seed of all that is chosen at random")
      ->type_name("NUMBER")
      ->capture_default_str()
      ->group("Work");
}

void add_load_options(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("-c,--clients", options.clients, "Connections")
      ->type_name("COUNT")
      ->check(between(std::size_t{1}, most_clients))
      ->capture_default_str()
      ->group("Load");
  app.add_option("-t,--threads", options.threads,
                 "Threads of the generator, which share the connections")
      ->type_name("COUNT")
      ->check(between(std::size_t{1}, most_threads))
      ->capture_default_str()
      ->group("Load");
  app.add_option("-P,--pipeline", options.pipeline, "Requests under way on each connection")
      ->type_name("COUNT")
      ->check(between(std::size_t{1}, most_pipeline))
      ->capture_default_str()
      ->group("Load");
  CLI::Option* operations =
      app.add_option("-n,--operations", options.operations, "Measure that many operations")
          ->type_name("COUNT")
          ->check(between(std::uint64_t{1}, most_operations))
          ->group("Load");
  app.add_option("--duration", raw.duration, "Measure for that long")
      ->type_name("SECONDS")
      ->check(between(0.01, longest_seconds))
      ->capture_default_str()
      ->excludes(operations)
      ->group("Load");
  app.add_option("--warm-up", raw.warm_up, "Do the same for that long before")
      ->type_name("SECONDS")
      ->check(between(0.0, longest_seconds))
      ->capture_default_str()
      ->group("Load");
  CLI::Option* rate = app.add_option("--rate", options.rate,
                                     "Open loop: operations per second of all clients together")
                          ->type_name("OPS")
                          ->check(between(0.01, 1e9))
                          ->group("Load");
  app.add_flag("--poisson", options.poisson, "With --rate: at random intervals, not even ones")
      ->needs(rate)
      ->group("Load");
}

void add_output_options(CLI::App& app, Options& options) {
  app.add_flag("-q,--quiet", options.quiet, "No line per second and no progress bar")
      ->group("Output");
  app.add_option("--json", options.json, "Write all figures to FILE")
      ->type_name("FILE")
      ->group("Output");
  app.add_option("--csv", options.csv, "Write one line per second to FILE")
      ->type_name("FILE")
      ->group("Output");
  app.add_option("--plot", options.plot,
                 "Draw latency by percentile, and throughput over time (needs gnuplot)")
      ->type_name("FILE.png")
      ->group("Output");
  app.set_version_flag("--version", "pkv_bench " PKV_VERSION)->group("Help");
  app.get_help_ptr()->group("Help");
}

std::chrono::duration<double> seconds(double count) {
  return std::chrono::duration<double>(count);
}

void choose_workload(Options& options, const Raw& raw) {
  std::string name = raw.workload;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  if (raw.read_ratio >= 0) {
    options.workload = "own mixture";
    options.mix.shares = {100 * raw.read_ratio, 100 * (1 - raw.read_ratio), 0, 0, 0};
    options.mix.distribution = Distribution::uniform;
  } else if (const Preset* preset = preset_named(name)) {
    options.workload = preset->what;
    options.mix.shares = preset->shares;
    options.mix.distribution = preset->distribution;
  } else {
    throw CLI::ValidationError("--workload", "there is no workload '" + raw.workload + "'");
  }
  if (raw.distribution == "uniform") options.mix.distribution = Distribution::uniform;
  if (raw.distribution == "zipf") options.mix.distribution = Distribution::zipf;
  if (raw.distribution == "latest") options.mix.distribution = Distribution::latest;
}

void complete(Options& options, const Raw& raw) {
  choose_workload(options, raw);
  options.protocol = raw.protocol == "memcached" ? Protocol::memcached : Protocol::resp;
  options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(raw.timeout * 1000));
  options.duration = seconds(raw.duration);
  options.warm_up = seconds(raw.warm_up);
  options.load = !raw.no_load;
  options.measure = !raw.load_only;
  if (raw.no_load && raw.load_only)
    throw CLI::ValidationError("--load-only", "leaves nothing to do with --no-load");
  if (const std::optional<std::string> fault = fault_of(options))
    throw CLI::ValidationError(*fault);
}

}  // namespace

std::variant<Options, ExitStatus> parse_options(int argument_count, const char* const* arguments) {
  Options options;
  Raw raw;
  CLI::App app(description, "pkv_bench");
  app.footer(footer);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_server_options(app, options, raw);
  add_data_options(app, options, raw);
  add_work_options(app, options, raw);
  add_load_options(app, options, raw);
  add_output_options(app, options);
  try {
    app.parse(argument_count, arguments);
    complete(options, raw);
  } catch (const CLI::ParseError& reason) {
    return app.exit(reason) == 0 ? ExitStatus::success : ExitStatus::usage;
  }
  return options;
}

}  // namespace pkv::bench
