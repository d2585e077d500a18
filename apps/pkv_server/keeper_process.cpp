#include "pkv_server/keeper_process.hpp"

#include "mpi/keeper.hpp"
#include "pkv_server/hydra_job.hpp"
#include "pkv_server/machine.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <utility>

namespace pkv::server {

int run_keeper(const LogSink& log, std::chrono::milliseconds orphan_limit, char** arguments) {
  const HydraJob job = hydra_job();
  prctl(PR_SET_NAME, "pkv keeper");
  fcntl(job.pmi_descriptor, F_SETFD, FD_CLOEXEC);  // it is the keeper's alone

  mpi::KeeperSettings settings;
  // This very file, even if another has been installed in its place since.
  settings.command.program = "/proc/self/exe";
  for (char** argument = arguments; *argument != nullptr; ++argument)
    settings.command.arguments.emplace_back(*argument);
  settings.command.takes_signals = job.rank == 0;
  settings.rank = job.rank;
  settings.host = host_name();
  settings.pmi_descriptor = job.pmi_descriptor;
  settings.orphan_limit = orphan_limit;
  settings.log = log;
  mpi::Keeper keeper(std::move(settings));
  return keeper.run();
}

}  // namespace pkv::server
