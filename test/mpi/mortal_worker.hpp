#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>

namespace pkv::mpi {

class Environment;

/// What the key of the first operation of a request has a mortal worker do. Otherwise it echoes the
/// values of the request.
inline constexpr const char* hang = "hang";  ///< Never answer, nor look at MPI again.
inline constexpr const char* die = "die";    ///< Be killed before answering.
/// Be killed when an answer of many times the value has been handed to MPI; with a value of some
/// megabytes it is more than sockets hold, and so has hardly begun to travel.
inline constexpr const char* die_sending = "die sending";
/// Be killed when the first of two frames has been handed over, the value of each in one.
inline constexpr const char* die_between = "die between";

/// What a worker's process says of itself once it is in MPI.
struct Birth {
  pid_t process = 0;
  std::uint32_t epoch = 0;
  std::string address;
};

/// A folder for the births, the same for all processes of this job.
[[nodiscard]] std::filesystem::path birth_folder();

/// Waits for it. Throws std::runtime_error if it does not come.
[[nodiscard]] Birth await_birth(int rank, std::uint32_t epoch);

/// Lives as the incarnation `epoch` of a worker until rank 0 says goodbye.
void live(const Environment& environment, std::uint32_t epoch);

}  // namespace pkv::mpi
