#pragma once

#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"

#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

namespace pkv::test {

struct ServerSettings {
  int workers = 2;
  /// Further command-line arguments.
  std::vector<std::string> arguments{};
  /// As Command::environment.
  std::vector<std::string> environment{};
  /// Start it with mpiexec, rather than let it start mpiexec itself.
  bool by_mpiexec = false;
};

/// A pkv_server, with all its ranks, that is ready for clients on a free port of 127.0.0.1.
///
///     ServerProcess server({.workers = 4});
///     connect to 127.0.0.1, server.port(); ...
///     CHECK(server.stop() == 0);
///
/// Thread safety: none.
/// Lifetime: the destructor ends whatever still runs. Where a test is being left by an exception (a
/// failed REQUIRE is one) it prints what the server has written to standard error.
/// Errors: the constructor throws std::runtime_error, with what the server printed, if it is not
/// ready in time.
class ServerProcess {
 public:
  explicit ServerProcess(const ServerSettings& settings = {});
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::filesystem::path port_file() const { return folder_.path() / "port"; }

  /// The process that was started: pkv_server itself, or mpiexec.
  [[nodiscard]] pid_t process_id() const noexcept { return child_.process_id(); }
  [[nodiscard]] pid_t mpiexec() const;
  [[nodiscard]] pid_t proxy() const;
  /// The process of a rank; 0 is the coordinator.
  [[nodiscard]] pid_t rank(int rank) const;
  /// All of them, as they were when the server was ready.
  [[nodiscard]] const std::vector<pid_t>& processes() const noexcept { return processes_; }

  /// Asks for an orderly end with `signal` and waits for it. Returns the exit status as a shell
  /// would report it. Throws std::runtime_error if the server does not end in time.
  int stop(int signal);
  int stop();

  /// The program as a child: its output, signals, exit status.
  [[nodiscard]] ChildProcess& child() noexcept { return child_; }

 private:
  TemporaryFolder folder_;
  ChildProcess child_;
  std::uint16_t port_ = 0;
  std::vector<pid_t> processes_;
  int exceptions_at_start_ = std::uncaught_exceptions();
};

/// What remains of a program that ran to its end.
struct Ended {
  int exit_status = 0;
  std::string output;
  std::string errors;
};

/// Runs pkv_server where it is expected to end by itself. Throws std::runtime_error if it does not.
[[nodiscard]] Ended run_server(const Command& command_without_program);

/// Runs any program to its end, in the same way.
[[nodiscard]] Ended run_to_end(const Command& command);

/// The path of mpiexec. Throws std::runtime_error if there is none.
[[nodiscard]] std::string mpiexec_path();

}  // namespace pkv::test
