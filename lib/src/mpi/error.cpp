#include "mpi/error.hpp"

#include <mpi.h>

#include <string>

namespace pkv::mpi {
namespace {

std::string describe(const char* call, int code) {
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  if (MPI_Error_string(code, text, &length) != MPI_SUCCESS)
    return std::string(call) + " failed with code " + std::to_string(code);
  return std::string(call) + " failed: " + std::string(text, static_cast<std::size_t>(length));
}

}  // namespace

Error::Error(const char* call, int code) : std::runtime_error(describe(call, code)), code_(code) {}

void check(int code, const char* call) {
  if (code != MPI_SUCCESS) throw Error(call, code);
}

}  // namespace pkv::mpi
