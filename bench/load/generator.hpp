#pragma once

#include "load/keys.hpp"
#include "load/measurement.hpp"
#include "load/options.hpp"
#include "load/requests.hpp"
#include "load/value_pattern.hpp"
#include "load/worker.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace pkv::bench {

/// The load generator: connects, fills the server, and measures it.
///
///     Generator generator(options, stop);
///     generator.connect();  // then any of the others, in this order
///
/// Thread safety: none, but `stop` may be set from anywhere and ends what is going on.
/// Lifetime: the arguments of the constructor must outlive it.
class Generator {
 public:
  using OnSecond = std::function<void(const SecondFigures&)>;
  using OnProgress = std::function<void(std::uint64_t records)>;

  Generator(const Options& options, const std::atomic<bool>& stop);

  /// Throws ConnectFailure, also if the workload has scans and the server has none.
  void connect();

  /// Stores every record once. Calls `on_progress` some times a second.
  [[nodiscard]] Tally load(const OnProgress& on_progress);

  /// Does for a while what will be measured.
  [[nodiscard]] Tally warm_up();

  /// Calls `on_second` for each second when it is over.
  [[nodiscard]] Measurement measure(const OnSecond& on_second);

 private:
  [[nodiscard]] Phase phase_of(std::size_t worker, Clock::time_point begin,
                               std::chrono::duration<double> duration) const;
  /// `watch` is called until all workers have ended, and once more then; it takes its time.
  [[nodiscard]] Tally run(const std::vector<Phase>& phases,
                          const std::vector<std::unique_ptr<Workload>>& workloads,
                          const std::function<void()>& watch);

  const Options& options_;
  const std::atomic<bool>& stop_;
  Keys keys_;
  ValuePattern values_;
  Requests requests_;
  std::size_t load_pipeline_;
  WorkerSettings settings_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Workload>> mixes_;  // by worker
};

}  // namespace pkv::bench
