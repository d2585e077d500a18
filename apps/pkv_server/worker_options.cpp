#include "pkv_server/option_groups.hpp"
#include "wire/tags.hpp"

#include <limits>
#include <map>

namespace pkv::server {
namespace {

constexpr int most_workers = 1000;
constexpr std::size_t most_replicas = 3;
constexpr double least_weight = 0.001;

}  // namespace

void add_worker_options(CLI::App& app, Options& options, RawOptions& raw) {
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
         "--points-per-node", raw.points,
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

}  // namespace pkv::server
