#include "pkv_server/launcher.hpp"

#include "pkv_server/data_preparation.hpp"
#include "pkv_server/data_spread.hpp"
#include "pkv_server/descendants.hpp"
#include "pkv_server/mpiexec.hpp"
#include "pkv_server/rank0_word.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A rank 0 that was asked to stop ends itself after 1.5 s; this is for when it cannot even do that.
constexpr auto stop_patience = 3s;
// mpiexec passes a signal on only once its ranks run: one that came earlier is repeated.
constexpr timespec repeat_interval{0, 250'000'000};
constexpr auto orphan_patience = 1s;

/// Large values are copied between processes page by page (UCX's CMA), and finding the pages takes
/// more than half as long as copying them; with huge pages it takes little. glibc can be asked for
/// them only before a program starts.
void ask_for_huge_pages() {
  constexpr int keep = 0;
  setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", keep);
}

std::vector<std::string> mpiexec_command(const std::string& mpiexec, const Options& options,
                                         int argument_count, char** arguments) {
  std::vector<std::string> command{
      mpiexec,
      "-n",
      std::to_string(options.workers + static_cast<int>(options.spares) + 1),
      "-bind-to",
      "none",
      "-hosts",
      "localhost",
      std::filesystem::read_symlink("/proc/self/exe")};
  for (int i = 1; i < argument_count; ++i)
    command.emplace_back(arguments[i]);
  return command;
}

/// In the child, between fork and exec: only what is safe there.
[[noreturn]] void become(const std::vector<char*>& command, const sigset_t& signals) noexcept {
  // A process group of its own keeps the terminal's Ctrl-C away from mpiexec, which would comment
  // on it; and if this program is killed, mpiexec must not go on without it.
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
  execv(command.front(), command.data());
  _exit(127);
}

pid_t start(std::vector<std::string> command, const sigset_t& signals) {
  std::vector<char*> arguments;
  for (std::string& argument : command)
    arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0)
    throw std::runtime_error(std::string("cannot start mpiexec: ") + std::strerror(errno));
  if (child == 0) become(arguments, signals);
  return child;
}

/// The exit status that the end of mpiexec means for the user.
int translate(int status, bool stopping, Rank0Word last_word) noexcept {
  if (last_word == Rank0Word::done) return 0;
  if (WIFEXITED(status))
    return WEXITSTATUS(status) == 0 && last_word == Rank0Word::ready ? 1 : WEXITSTATUS(status);
  const int signal = WTERMSIG(status);
  if (stopping && signal == SIGTERM && last_word == Rank0Word::nothing) return 0;  // still starting
  std::fprintf(stderr, "pkv_server: mpiexec was killed by signal %d: all ranks were stopped\n",
               signal);
  return 1;
}

/// Follows mpiexec until it ends, and stops it when the user wants that.
int follow(pid_t mpiexec, const sigset_t& signals, Rank0Words& rank0) {
  bool stopping = false;
  auto give_up_at = Clock::time_point::max();
  for (;;) {
    int status = 0;
    if (waitpid(mpiexec, &status, WNOHANG) == mpiexec)
      return translate(status, stopping, rank0.last());
    if (stopping) {
      kill(mpiexec, SIGTERM);
      if (Clock::now() > give_up_at) {
        std::fprintf(stderr, "pkv_server: the ranks did not stop in time and were killed\n");
        return 1;
      }
    }
    const int signal = stopping ? sigtimedwait(&signals, nullptr, &repeat_interval)
                                : sigwaitinfo(&signals, nullptr);
    if (signal <= 0 || signal == SIGCHLD) continue;
    if (stopping && signal == SIGINT) return 128 + SIGINT;  // impatient: whatever is left is killed
    if (!stopping) give_up_at = Clock::now() + stop_patience;
    stopping = true;
  }
}

}  // namespace

int launch(const Options& options, int argument_count, char** arguments) {
  const std::string mpiexec = find_mpiexec();
  if (mpiexec.empty())
    throw std::runtime_error("no mpiexec of MPICH found in PATH: install the package mpich");

  const auto workers = static_cast<std::size_t>(options.workers);
  check_weights(options, workers);
  prepare_data(with_possible_replicas(options, workers));

  // Inherited as ignored, it would keep the ends of children from those who wait for them: from
  // this program, and from Hydra's proxies, which then run in circles for ever.
  std::signal(SIGCHLD, SIG_DFL);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD})
    sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  adopt_orphans();

  ask_for_huge_pages();
  Rank0Words rank0;
  const pid_t child = start(mpiexec_command(mpiexec, options, argument_count, arguments), signals);
  const int exit_status = follow(child, signals, rank0);
  const bool mpiexec_is_gone = kill(child, 0) != 0;
  end_descendants(mpiexec_is_gone ? orphan_patience : 0s);
  // Again, as the last line: mpiexec has said much since.
  if (exit_status != 0 && !rank0.reason().empty())
    std::fprintf(stderr, "pkv_server: %s\n", rank0.reason().c_str());
  return exit_status;
}

}  // namespace pkv::server
