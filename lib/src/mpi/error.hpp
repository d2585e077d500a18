#pragma once

#include <stdexcept>

namespace pkv::mpi {

/// A failed MPI call: its name and MPI's own text for the error code.
class Error : public std::runtime_error {
 public:
  Error(const char* call, int code);

  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

/// Throws Error unless `code` is MPI_SUCCESS. `call` names the function, as in "MPI_Isend".
void check(int code, const char* call);

}  // namespace pkv::mpi
