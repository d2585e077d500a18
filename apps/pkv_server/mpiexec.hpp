#pragma once

#include <string>
#include <vector>

namespace pkv::server {

/// The path of a Hydra mpiexec, MPICH's launcher, found in PATH. Empty if there is none; launchers
/// of other MPI implementations under the same name are passed over.
[[nodiscard]] std::string find_mpiexec();

}  // namespace pkv::server
