#include "load/generator.hpp"

#include "load/connect_failure.hpp"
#include "load/server_probe.hpp"

#include <algorithm>
#include <future>
#include <thread>

namespace pkv::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds watch_interval = 100ms;
// In seconds. When time is up some last answers are still on their way; they make no second.
constexpr double shortest_interval = 0.1;
// For the threads to start before the clock does.
constexpr std::chrono::milliseconds lead_time = 10ms;
// The streams of random numbers below this one are those of the workloads.
constexpr std::uint64_t first_schedule_stream = std::uint64_t{1} << 32;

/// As many requests as keep a connection busy, without megabytes under way.
std::size_t load_pipeline_for(std::size_t request_bytes) {
  constexpr std::size_t most_bytes = std::size_t{1} << 20;
  return std::clamp<std::size_t>(most_bytes / request_bytes, 1, 32);
}

/// The part of `total` that goes to one of several, which differ by one at most.
std::uint64_t share_of(std::uint64_t total, std::size_t index, std::size_t count) {
  return total / count + (index < total % count ? 1 : 0);
}

bool all_ready(const std::vector<std::future<Tally>>& results) {
  return std::all_of(results.begin(), results.end(), [](const std::future<Tally>& result) {
    return result.wait_for(0s) == std::future_status::ready;
  });
}

}  // namespace

Generator::Generator(const Options& options, const std::atomic<bool>& stop)
    : options_(options),
      stop_(stop),
      keys_(options.prefix, options.key_bytes),
      values_(options.value_bytes),
      requests_(options.protocol, keys_, values_),
      load_pipeline_(load_pipeline_for(requests_.set_bytes())),
      settings_{.protocol = options.protocol,
                .keys = keys_,
                .values = values_,
                .requests = requests_,
                .allow_missing = options.allow_missing,
                .pipeline = std::max(options.pipeline, load_pipeline_),
                .timeout = options.timeout,
                .stop = stop_} {
  for (std::size_t i = 0; i < options.threads; ++i) {
    const auto connections =
        static_cast<std::size_t>(share_of(options.clients, i, options.threads));
    workers_.push_back(std::make_unique<Worker>(settings_, i, connections));
    mixes_.push_back(std::make_unique<MixedWorkload>(options.mix, i, options.threads));
  }
}

void Generator::connect() {
  const Connection::Endpoint server = find_server(options_.host, options_.port, options_.timeout);
  if (options_.measure && options_.mix.shares[index_of(Kind::scan)] > 0)
    if (const auto refusal = scan_refusal(server, options_.timeout))
      throw ConnectFailure("this server cannot scan: " + *refusal);
  for (const auto& worker : workers_)
    worker->connect(server);
}

Tally Generator::load(const OnProgress& on_progress) {
  std::vector<Phase> phases(workers_.size());
  std::vector<std::unique_ptr<Workload>> workloads;
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    phases[i].begin = Clock::now();
    phases[i].operations = share_of(options_.mix.records, i, workers_.size());
    phases[i].pipeline = load_pipeline_;
    workloads.push_back(std::make_unique<LoadWorkload>(first));
    first += phases[i].operations;
  }
  return run(phases, workloads, [&] {
    std::uint64_t stored = 0;
    for (const auto& worker : workers_)
      stored += worker->completed();
    on_progress(stored);
    std::this_thread::sleep_for(watch_interval);
  });
}

Phase Generator::phase_of(std::size_t worker, Clock::time_point begin,
                          std::chrono::duration<double> duration) const {
  Phase phase;
  phase.begin = begin;
  phase.end = begin + std::chrono::duration_cast<Clock::duration>(duration);
  phase.pipeline = options_.pipeline;
  if (!options_.rate) return phase;
  const auto count = static_cast<double>(workers_.size());
  const double rate = *options_.rate / count;
  phase.schedule = options_.poisson
                       ? Schedule::poisson(
                             begin, rate, Random(options_.mix.seed, first_schedule_stream + worker))
                       : Schedule::even(begin, rate, static_cast<double>(worker) / count);
  return phase;
}

Tally Generator::warm_up() {
  std::vector<Phase> phases;
  const Clock::time_point begin = Clock::now() + lead_time;
  for (std::size_t i = 0; i < workers_.size(); ++i)
    phases.push_back(phase_of(i, begin, options_.warm_up));
  return run(phases, mixes_, [] { std::this_thread::sleep_for(watch_interval); });
}

Measurement Generator::measure(const OnSecond& on_second) {
  Timeline timeline(workers_.size());
  std::vector<Phase> phases;
  const Clock::time_point begin = Clock::now() + lead_time;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    phases.push_back(phase_of(i, begin, options_.duration));
    phases[i].timeline = &timeline;
    if (!options_.operations) continue;
    phases[i].end = Clock::time_point::max();
    phases[i].operations = share_of(*options_.operations, i, workers_.size());
  }
  Measurement measurement;
  measurement.threads = workers_.size();
  measurement.tally = run(phases, mixes_, [&] {
    while (const std::optional<Interval> interval = timeline.take(watch_interval)) {
      if (interval->seconds < shortest_interval && !measurement.by_second.empty()) continue;
      const auto second = static_cast<double>(measurement.by_second.size());
      measurement.by_second.push_back(figures_of(*interval, second));
      on_second(measurement.by_second.back());
    }
  });
  Clock::time_point end = measurement.tally.last_answer;
  const bool ran_its_time =
      !options_.operations && !stop_ && !measurement.tally.all_connections_lost;
  if (ran_its_time) end = std::max(end, phases.front().end);
  measurement.seconds = std::max(0.0, std::chrono::duration<double>(end - begin).count());
  return measurement;
}

Tally Generator::run(const std::vector<Phase>& phases,
                     const std::vector<std::unique_ptr<Workload>>& workloads,
                     const std::function<void()>& watch) {
  std::vector<std::future<Tally>> results;
  for (std::size_t i = 0; i < workers_.size(); ++i)
    results.push_back(std::async(std::launch::async,
                                 [&, i] { return workers_[i]->run(phases[i], *workloads[i]); }));
  bool ended = false;
  while (!ended) {
    ended = all_ready(results);
    watch();
  }
  Tally all;
  for (std::future<Tally>& result : results)
    all.merge(result.get());
  return all;
}

}  // namespace pkv::bench
