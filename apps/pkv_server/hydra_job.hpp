#pragma once

namespace pkv::server {

/// What Hydra, MPICH's launcher, tells a process about its job in the environment.
struct HydraJob {
  int rank = 0;
  int ranks = 0;
  bool one_host = false;    ///< All ranks are on this machine.
  int pmi_descriptor = -1;  ///< The socket to Hydra.
};

/// Whether Hydra has started this process.
[[nodiscard]] bool is_in_hydra_job() noexcept;

/// Throws std::runtime_error, saying what to do, if this process was not started by Hydra.
[[nodiscard]] HydraJob hydra_job();

/// Has Hydra end all processes of the job, with exit status 1. For one that has not initialised
/// MPI: should it only exit, the others would wait for it.
void end_job(const HydraJob& job) noexcept;

}  // namespace pkv::server
