#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pkv::torture {

/// What the program tells its caller.
enum class ExitStatus { success = 0, failed = 1, usage = 2, interrupted = 130 };

/// The command line.
struct Options {
  std::optional<std::uint16_t> port;  ///< Of a server that runs already, on this machine.
  std::string server;                 ///< Else the program to start.
  std::vector<std::string> server_options;
  std::size_t workers = 8;
  std::size_t replicas = 2;

  std::uint64_t seed = 0;
  std::chrono::duration<double> duration{60};
  std::size_t clients = 16;
  std::size_t keys = 64;
  std::size_t pipeline = 16;
  double rate = 4'000;  ///< Operations per second of all clients together.

  std::size_t kills = 0;         ///< SIGKILL or SIGSEGV.
  std::size_t stops = 0;         ///< SIGSTOP, later SIGCONT.
  std::size_t ring_changes = 0;  ///< NODE FAIL, later NODE RESTORE.
  bool quiet = false;
};

/// The options, or the status to leave with: help was printed, or what is wrong.
[[nodiscard]] std::variant<Options, ExitStatus> parse_options(int argument_count,
                                                              const char* const* arguments);

}  // namespace pkv::torture
