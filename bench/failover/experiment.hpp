#pragma once

#include "failover/load.hpp"
#include "failover/results.hpp"
#include "failover/schedule.hpp"
#include "failover/server.hpp"
#include "failover/settings.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pkv::failover {

/// One run against a server: loads the keys, lets the events happen one after the other while the
/// clients work, and in the end reads every key.
///
/// Says on standard error what it does.
///
/// Thread safety: none; everything runs in run().
/// Lifetime: `settings` must outlive it.
/// Errors: Failure; a bench::ConnectFailure if there is no server. What clients saw is no failure,
/// but in the results.
class Experiment {
 public:
  Experiment(const Settings& settings, std::uint16_t port);

  /// Once only.
  [[nodiscard]] Results run();

 private:
  using Nodes = std::vector<Node>;

  void prepare();
  void run_phase(const std::string& name);
  void run_event(const Event& event);
  /// Looks at the nodes until everything that the event has set in motion has come to its end.
  void follow(Outcome& outcome, const Nodes& before);
  void end();
  /// What follows from the timeline, once it is whole.
  void evaluate_timeline();

  [[nodiscard]] Nodes look();
  [[nodiscard]] double fair_keys(const Event& event, const Nodes& before) const;
  [[nodiscard]] bool is_tidy(const Nodes& nodes) const;
  [[nodiscard]] static Balance balance_of_requests(const Nodes& nodes);
  [[nodiscard]] static Balance balance_of_keys(const Nodes& nodes);
  void wait_for_load(const std::string& what);
  void run_for(Clock::duration duration);

  const Settings& settings_;
  boost::asio::io_context io_;
  Results results_;
  Load load_;
  Server server_;
  std::uint16_t port_;
  std::map<std::int64_t, double> weights_;
};

}  // namespace pkv::failover
