#include "load/connect_failure.hpp"
#include "load/generator.hpp"
#include "load/options.hpp"
#include "load/plot.hpp"
#include "load/progress.hpp"
#include "load/report.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <variant>

namespace {

using namespace pkv::bench;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

void interrupt(int) {
  interrupted = true;
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);  // what comes next takes a while
}

ExitStatus status_of(const Tally& tally) {
  if (interrupted) return ExitStatus::interrupted;
  if (tally.all_connections_lost) return ExitStatus::connection;
  return tally.errors.count() + tally.mismatches > 0 ? ExitStatus::failed : ExitStatus::success;
}

/// Says what went wrong in a phase that is not measured. Returns whether nothing did.
bool went_well(const char* phase, const Tally& tally) {
  if (status_of(tally) == ExitStatus::success) return true;
  std::fprintf(stderr, "pkv_bench: %s failed\n%s", phase, faults_of(tally).c_str());
  return false;
}

Tally load(const Options& options, Generator& generator) {
  const Clock::time_point begin = Clock::now();
  Tally tally;
  {
    ProgressBar bar(options.mix.records, options.quiet);
    tally = generator.load([&bar](std::uint64_t records) { bar.show(records); });
  }
  const std::chrono::duration<double> time = tally.last_answer - begin;
  if (status_of(tally) == ExitStatus::success)
    std::printf("Loaded %s records in %.2f s\n", grouped(tally.succeeded()).c_str(), time.count());
  std::fflush(stdout);
  return tally;
}

ExitStatus measure(const Options& options, Generator& generator,
                   const std::filesystem::path& gnuplot) {
  const Measurement measurement = generator.measure([&](const SecondFigures& second) {
    if (!options.quiet) std::fprintf(stderr, "%s\n", line_of(second).c_str());
  });
  print('\n' + table_of(options, measurement));
  std::fputs(faults_of(measurement.tally).c_str(), stderr);
  if (options.json) write_file(*options.json, json_of(options, measurement));
  if (options.csv) write_file(*options.csv, csv_of(measurement));
  if (options.plot) plot(gnuplot, *options.plot, describe(options), measurement);
  return status_of(measurement.tally);
}

ExitStatus run(const Options& options) {
  // Before the run: that it is missing should cost no minutes.
  const std::filesystem::path gnuplot = options.plot ? find_gnuplot() : std::filesystem::path();
  Generator generator(options, interrupted);
  generator.connect();
  print(describe(options));
  if (options.load) {
    const Tally tally = load(options, generator);
    if (!went_well("loading", tally)) return status_of(tally);
  }
  if (!options.measure) return ExitStatus::success;
  if (options.warm_up.count() > 0) {
    const Tally tally = generator.warm_up();
    if (tally.all_connections_lost || interrupted) {
      (void)went_well("warming up", tally);
      return status_of(tally);
    }
  }
  return measure(options, generator, gnuplot);
}

}  // namespace

int main(int argument_count, char** arguments) {
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);
  std::signal(SIGPIPE, SIG_IGN);  // a server that hung up is noticed where it is written to
  ExitStatus status = ExitStatus::failed;
  try {
    const auto parsed = parse_options(argument_count, arguments);
    const auto* options = std::get_if<Options>(&parsed);
    status = options == nullptr ? std::get<ExitStatus>(parsed) : run(*options);
  } catch (const ConnectFailure& failure) {
    std::fprintf(stderr, "pkv_bench: no connection: %s\n", failure.what());
    status = ExitStatus::connection;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pkv_bench: %s\n", error.what());
  }
  return static_cast<int>(status);
}
