#pragma once

#include "load/protocol.hpp"
#include "load/workload.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace pkv::bench {

/// What the program tells its caller; as far as they go together, as pkv does.
enum class ExitStatus {
  success = 0,
  failed = 1,      ///< The server refused something, or an answer was wrong.
  usage = 2,       ///< The program was called in a way it does not understand.
  connection = 3,  ///< The server could not be reached, or was lost on the way.
  interrupted = 130,
};

/// The command line.
struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7379;
  std::chrono::milliseconds timeout{10'000};
  Protocol protocol = Protocol::resp;

  std::string workload;  ///< For people.
  MixSettings mix{.records = 100'000};
  std::string prefix = "bench:";
  std::size_t key_bytes = 16;
  std::size_t value_bytes = 64;
  bool load = true;
  bool measure = true;
  bool allow_missing = false;

  std::size_t clients = 50;
  std::size_t threads = 1;
  std::size_t pipeline = 1;
  std::optional<std::uint64_t> operations;
  std::chrono::duration<double> duration{5};  ///< Unless there is a number of operations.
  std::chrono::duration<double> warm_up{1};
  std::optional<double> rate;  ///< Operations per second; makes it an open loop.
  bool poisson = false;

  bool quiet = false;
  std::optional<std::string> json;
  std::optional<std::string> csv;
  std::optional<std::string> plot;
};

/// The options, or the status to leave with: help was printed, or what is wrong.
[[nodiscard]] std::variant<Options, ExitStatus> parse_options(int argument_count,
                                                              const char* const* arguments);

}  // namespace pkv::bench
