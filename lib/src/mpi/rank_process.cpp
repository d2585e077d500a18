#include "mpi/rank_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace pkv::mpi {
namespace {

constexpr int cannot_run = 127;

/// Two ends of a stream, closed with this object unless they have been taken out of it.
struct Stream {
  std::array<int, 2> ends{-1, -1};

  Stream() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    for (const int end : ends)
      if (end >= 0) close(end);
  }

  [[nodiscard]] int childs() const noexcept { return ends[1]; }
  [[nodiscard]] int take_keepers() noexcept { return std::exchange(ends[0], -1); }
};

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> environment = changes;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    const auto changed = [&](const std::string& change) {
      const std::size_t name_end = change.find('=') + 1;
      return variable.substr(0, name_end) == std::string_view(change).substr(0, name_end);
    };
    bool kept = true;
    for (const std::string& change : changes)
      kept = kept && !changed(change);
    if (kept) environment.emplace_back(variable);
  }
  return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Everything that the child needs between fork and exec, where nothing may be allocated.
struct Prepared {
  const char* program = nullptr;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::array<int, 2> descriptors{};
  bool takes_signals = false;
  pid_t keeper = 0;
};

void set_signals(bool takes_signals) noexcept {
  for (int signal = 1; signal < NSIG; ++signal)
    if (signal != SIGKILL && signal != SIGSTOP) std::signal(signal, SIG_DFL);
  sigset_t blocked;
  sigemptyset(&blocked);
  for (const int signal : {SIGINT, SIGTERM}) {
    if (takes_signals)
      sigaddset(&blocked, signal);
    else
      std::signal(signal, SIG_IGN);
  }
  sigprocmask(SIG_SETMASK, &blocked, nullptr);
}

[[noreturn]] void become(const Prepared& prepared) noexcept {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != prepared.keeper) _exit(cannot_run);  // it died before the kernel was told
  set_signals(prepared.takes_signals);
  for (const int descriptor : prepared.descriptors)
    fcntl(descriptor, F_SETFD, 0);
  execve(prepared.program, prepared.arguments.data(), prepared.environment.data());
  std::perror(prepared.program);
  _exit(cannot_run);
}

}  // namespace

RankProcess::RankProcess(const RankCommand& command, std::uint32_t epoch) {
  Stream pmi;
  Stream link;
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment =
      environment_with({"PMI_FD=" + std::to_string(pmi.childs()),
                        std::string(keeper_variable) + '=' + std::to_string(link.childs()),
                        std::string(epoch_variable) + '=' + std::to_string(epoch)});
  Prepared prepared;
  prepared.program = command.program.c_str();
  prepared.arguments = pointers_to(arguments);
  prepared.environment = pointers_to(environment);
  prepared.descriptors = {pmi.childs(), link.childs()};
  prepared.takes_signals = command.takes_signals;
  prepared.keeper = getpid();

  process_ = fork();
  if (process_ == 0) become(prepared);
  if (process_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  pmi_ = pmi.take_keepers();
  link_ = link.take_keepers();
}

RankProcess::~RankProcess() {
  close_pmi();
  close_link();
  if (wait_status()) return;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

void RankProcess::close_pmi() noexcept {
  if (pmi_ >= 0) close(pmi_);
  pmi_ = -1;
}

void RankProcess::close_link() noexcept {
  if (link_ >= 0) close(link_);
  link_ = -1;
}

void RankProcess::send_signal(int signal) const noexcept {
  if (!status_) kill(process_, signal);
}

std::optional<int> RankProcess::wait_status() noexcept {
  int status = 0;
  if (!status_ && waitpid(process_, &status, WNOHANG) == process_) status_ = status;
  return status_;
}

std::string describe_end(int wait_status) {
  if (WIFSIGNALED(wait_status))
    return "was killed by signal " + std::to_string(WTERMSIG(wait_status));
  return "ended with status " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace pkv::mpi
