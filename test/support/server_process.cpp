#include "support/server_process.hpp"

#include "support/processes.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

// Generous: sanitizers and a busy machine slow the start of many processes down a lot.
constexpr auto readiness_patience = 60s;
constexpr auto end_patience = 30s;

Command command_for(const ServerSettings& settings, const std::filesystem::path& port_file) {
  Command command;
  if (settings.by_mpiexec)
    command.arguments = {mpiexec_path(), "-n", std::to_string(settings.workers + 1)};
  command.arguments.insert(command.arguments.end(),
                           {PKV_SERVER_PATH, "--port", "0", "--port-file", port_file, "--workers",
                            std::to_string(settings.workers)});
  command.arguments.insert(command.arguments.end(), settings.arguments.begin(),
                           settings.arguments.end());
  command.environment = settings.environment;
  return command;
}

[[noreturn]] void fail(const std::string& what, const ChildProcess& child) {
  throw std::runtime_error(what + "\nstandard output:\n" + child.output() + "\nstandard error:\n" +
                           child.errors());
}

}  // namespace

ServerProcess::ServerProcess(const ServerSettings& settings)
    : child_(command_for(settings, port_file())) {
  const bool ended_or_ready =
      wait_until([this] { return child_.exit_status() || std::filesystem::exists(port_file()); },
                 readiness_patience);
  if (!ended_or_ready) fail("the server did not become ready", child_);
  if (child_.exit_status()) fail("the server ended before it was ready", child_);
  std::ifstream(port_file()) >> port_;
  processes_ = child_.tree();
}

ServerProcess::~ServerProcess() {
  if (std::uncaught_exceptions() <= exceptions_at_start_) return;
  const std::optional<int> status = child_.exit_status();
  std::cerr << "The server "
            << (status ? "had ended with " + std::to_string(*status) : "was running")
            << "; its standard error:\n"
            << child_.errors() << std::flush;
}

pid_t ServerProcess::mpiexec() const {
  for (const pid_t process : processes_)
    if (program_of(process).starts_with("mpiexec")) return process;
  throw std::runtime_error("no mpiexec among the server's processes");
}

pid_t ServerProcess::proxy() const {
  for (const pid_t process : processes_)
    if (program_of(process).starts_with("hydra_pmi")) return process;
  throw std::runtime_error("no Hydra proxy among the server's processes");
}

pid_t ServerProcess::rank(int rank) const {
  for (const pid_t process : processes_)
    if (environment_of(process, "PMI_RANK") == std::to_string(rank)) return process;
  throw std::runtime_error("no rank " + std::to_string(rank) + " among the server's processes");
}

int ServerProcess::stop(int signal) {
  child_.send_signal(signal);
  const std::optional<int> status = child_.wait(end_patience);
  if (!status) fail("the server did not stop", child_);
  return *status;
}

int ServerProcess::stop() {
  return stop(SIGTERM);
}

Ended run_server(const Command& command_without_program) {
  Command command = command_without_program;
  command.arguments.insert(command.arguments.begin(), PKV_SERVER_PATH);
  return run_to_end(command);
}

Ended run_to_end(const Command& command) {
  ChildProcess child(command);
  const std::optional<int> status = child.wait(end_patience);
  if (!status) fail("the program did not end by itself", child);
  return {*status, child.output(), child.errors()};
}

std::string mpiexec_path() {
  std::istringstream folders(std::getenv("PATH"));
  for (const char* name : {"mpiexec.mpich", "mpiexec.hydra", "mpiexec"}) {
    std::istringstream rest(folders.str());
    for (std::string folder; std::getline(rest, folder, ':');)
      if (const auto path = std::filesystem::path(folder) / name; std::filesystem::exists(path))
        return path;
  }
  throw std::runtime_error("no mpiexec in PATH");
}

}  // namespace pkv::test
