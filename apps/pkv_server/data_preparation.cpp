#include "pkv_server/data_preparation.hpp"

#include "pkv_server/data_folder.hpp"
#include "pkv_server/hydra_job.hpp"
#include "pkv_server/log.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <thread>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;

constexpr auto progress_interval = 50ms;
/// For Hydra to pass on what was printed, before it ends the job.
constexpr auto speaking_time = 200ms;

bool is_to_be_prepared(const Options& options, std::size_t workers) {
  const auto layout = read_layout(options.data_folder);
  return layout &&
         (layout->replacing > 0 || layout->spread != spread_of(options, workers, layout->spread) ||
          layout->may_have_torn_commands());
}

}  // namespace

void prepare_data(const Options& options) {
  if (options.engine == Engine::memory) return;
  DataFolder folder(options, static_cast<std::size_t>(options.workers));
  folder.prepare(open_log(options, 0));
}

bool prepare_data_of_rank(const Options& options, int rank) {
  if (options.engine == Engine::memory || !is_in_hydra_job()) return true;
  const HydraJob job = hydra_job();
  // Nodes on several machines are refused later, when all have said where they are.
  if (job.ranks < 2 || !job.one_host) return true;
  const auto workers = static_cast<std::size_t>(job.ranks - 1);
  try {
    while (is_to_be_prepared(options, workers)) {
      if (rank == 0) {
        check_weights(options, workers);
        DataFolder(options, workers).prepare(open_log(options, 0));
      } else {
        std::this_thread::sleep_for(progress_interval);
      }
    }
    return true;
  } catch (const std::exception& error) {
    if (rank == 0) std::fprintf(stderr, "pkv_server: %s\n", error.what());
    std::this_thread::sleep_for(speaking_time);
    end_job(job);
    return false;
  }
}

Options with_possible_replicas(Options options, std::size_t workers) {
  if (options.engine != Engine::memory) options.replicas = std::min(options.replicas, workers);
  return options;
}

}  // namespace pkv::server
