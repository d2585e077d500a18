#include "pkv_server/hydra_job.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>

namespace pkv::server {
namespace {

int number(const char* variable, int otherwise) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? otherwise : std::atoi(value);
}

}  // namespace

bool is_in_hydra_job() noexcept {
  return std::getenv("PMI_FD") != nullptr && std::getenv("PMI_SIZE") != nullptr &&
         std::getenv("PMI_RANK") != nullptr;
}

HydraJob hydra_job() {
  HydraJob job;
  job.rank = number("PMI_RANK", -1);
  job.ranks = number("PMI_SIZE", 0);
  job.one_host = number("MPI_LOCALNRANKS", 0) == job.ranks;
  job.pmi_descriptor = number("PMI_FD", -1);
  if (job.rank < 0 || job.ranks < 1 || job.pmi_descriptor < 0)
    throw std::runtime_error(
        "to outlive worker processes needs mpiexec of MPICH (Hydra): use it, or "
        "--on-worker-loss stop");
  return job;
}

void end_job(const HydraJob& job) noexcept {
  constexpr std::string_view abort = "cmd=abort exitcode=1\n";  // of the protocol PMI-1
  static_cast<void>(send(job.pmi_descriptor, abort.data(), abort.size(), MSG_NOSIGNAL));
}

}  // namespace pkv::server
