#include "torture/run.hpp"

#include "torture/audit.hpp"
#include "torture/cluster.hpp"

#include <algorithm>
#include <cstdio>
#include <thread>

namespace pkv::torture {
namespace {

using namespace std::chrono_literals;

using Clients = std::vector<std::unique_ptr<Client>>;

/// Faults that were late have that much longer, or half of the run if that is more.
constexpr std::chrono::duration<double> least_grace{30};

Clients make_clients(const Options& options, std::uint16_t port,
                     const std::vector<Subject>& subjects) {
  Clients clients;
  for (std::size_t i = 0; i < options.clients; ++i) {
    Client::Settings settings;
    settings.port = port;
    settings.seed = options.seed;
    settings.number = static_cast<std::uint32_t>(i);
    settings.pipeline = options.pipeline;
    settings.pause_per_command =
        std::chrono::duration<double>(static_cast<double>(options.clients) / options.rate);
    clients.push_back(std::make_unique<Client>(subjects, settings));
  }
  return clients;
}

/// What can be asked of the server: ring changes only if it knows them.
FaultCounts possible_faults(const Options& options, std::uint16_t port, RunReport& report) {
  FaultCounts counts{options.kills, options.stops, options.ring_changes};
  if (counts.kills + counts.stops + counts.ring_changes == 0) return counts;
  Cluster cluster(port);
  if (!cluster.nodes()) {
    report.failures.push_back("the server does not know NODES: no faults");
    return {};
  }
  if (counts.ring_changes > 0 && !cluster.can_change_ring()) {
    std::puts("the server does not know NODE FAIL and NODE RESTORE: left out");
    counts.ring_changes = 0;
  }
  return counts;
}

/// Prints a line per second.
class Ticker {
 public:
  Ticker(const Options& options, const Clients& clients, const FaultInjector& injector,
         const FaultCounts& wanted)
      : options_(options), clients_(clients), injector_(injector), wanted_(wanted) {}

  void tick(Clock::duration time) {
    std::size_t answers = 0;
    for (const std::unique_ptr<Client>& client : clients_)
      answers += client->answers();
    const FaultReport faults = injector_.report();
    const auto& done = faults.done;
    if (!options_.quiet) {
      std::printf("%5.0f s  %7zu answers/s  kills %zu/%zu  stops %zu/%zu  ring changes %zu/%zu%s\n",
                  std::chrono::duration<double>(time).count(), answers - answers_,
                  done[0] + done[1], wanted_.kills, done[2], wanted_.stops, done[3],
                  wanted_.ring_changes, faults.problems.empty() ? "" : "  TROUBLE");
      std::fflush(stdout);
    }
    answers_ = answers;
  }

 private:
  const Options& options_;
  const Clients& clients_;
  const FaultInjector& injector_;
  FaultCounts wanted_;
  std::size_t answers_ = 0;
};

/// Waits until the time is over and all faults have happened.
void watch(const Options& options, Server& server, FaultInjector& injector, Ticker ticker,
           const std::atomic<bool>& interrupted) {
  const Clock::time_point begin = Clock::now();
  const auto in_ticks = [](auto time) { return std::chrono::duration_cast<Clock::duration>(time); };
  const Clock::time_point end = begin + in_ticks(options.duration);
  const Clock::time_point latest = end + in_ticks(std::max(least_grace, options.duration / 2));
  Clock::time_point next_tick = begin + 1s;
  while (!interrupted && !server.has_ended()) {
    const Clock::time_point now = Clock::now();
    if (now >= end && (injector.is_done() || now >= latest)) break;
    if (now >= next_tick) {
      ticker.tick(now - begin);
      next_tick += 1s;
    }
    std::this_thread::sleep_for(20ms);
  }
  injector.give_up();
  while (!injector.is_done())
    std::this_thread::sleep_for(20ms);
}

void collect(const Clients& clients, RunReport& report, std::vector<History>& histories) {
  for (const std::unique_ptr<Client>& client : clients) {
    const ClientReport& one = client->report();
    ClientReport& all = report.clients;
    for (std::size_t kind = 0; kind < request_names.size(); ++kind) {
      all.ok[kind] += one.ok[kind];
      all.unknown[kind] += one.unknown[kind];
    }
    all.lost_connections += one.lost_connections;
    for (const std::string& fault : one.faults)
      all.add_fault(fault);
    all.fault_count += one.fault_count - one.faults.size();
    for (const Record& record : one.records)
      histories[record.subject].push_back(record.operation);
  }
}

void judge_faults(RunReport& report, Server& server) {
  if (server.has_ended()) report.failures.push_back("the server ended during the run");
  for (const std::string& fault : report.clients.faults)
    report.failures.push_back("a client " + fault);
  if (report.clients.fault_count > report.clients.faults.size())
    report.failures.push_back("clients had " + std::to_string(report.clients.fault_count) +
                              " such failures");
  for (const std::string& problem : report.faults.problems)
    report.failures.push_back(problem);
  const auto& done = report.faults.done;
  const bool are_all_done = done[0] + done[1] == report.wanted.kills &&
                            done[2] == report.wanted.stops && done[3] == report.wanted.ring_changes;
  if (!are_all_done) report.failures.push_back("not all faults happened that were asked for");
}

}  // namespace

RunReport run(const Options& options, Server& server, const std::atomic<bool>& interrupted) {
  RunReport report;
  const std::string prefix = "torture:" + std::to_string(options.seed) + ':';
  const std::vector<Subject> subjects = make_subjects(options.keys, prefix);
  std::vector<History> histories(subjects.size());
  erase_all(server.port(), subjects);
  const Clock::time_point beginning = Clock::now();
  {
    report.wanted = possible_faults(options, server.port(), report);
    Clients clients = make_clients(options, server.port(), subjects);
    std::atomic<bool> stop{false};
    std::vector<std::jthread> threads;
    for (const std::unique_ptr<Client>& client : clients)
      threads.emplace_back([&stop, worker = client.get()] { worker->run(stop); });
    FaultInjector injector(server.port(), std::max<std::size_t>(options.replicas, 2) - 1,
                           make_schedule(report.wanted, options.duration, options.seed), clients);
    watch(options, server, injector, Ticker(options, clients, injector, report.wanted),
          interrupted);
    report.duration = Clock::now() - beginning;
    stop = true;
    threads.clear();  // joins
    report.faults = injector.report();
    collect(clients, report, histories);
  }
  report.is_interrupted = interrupted;
  judge_faults(report, server);
  if (!server.has_ended()) audit(server.port(), subjects, histories, report);
  check_all(subjects, histories, beginning, report);
  if (const std::optional<std::string> problem = server.stop()) report.failures.push_back(*problem);
  return report;
}

}  // namespace pkv::torture
