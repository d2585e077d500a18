// A process as a keeper has it for a child, without MPI. Its arguments are what to do: the first
// one for the first process of the rank, the second for the second, the last for all later ones;
// words that are done one after the other.
//
//   init       ask three things as MPI_Init does, the last one a barrier
//   publish    have an endpoint published, as rank 0 does; its text follows after a colon
//   address    say an address
//   beat       say a beat, with the number after the colon
//   finalize   as MPI_Finalize does
//   leave      say that the job ends
//   abort      as MPI_Abort does: say so, and wait
//   kill:9     die by a signal
//   exit:3     end with a status
//   await:15   wait for a signal that was held back: SIGUSR2, and what the keeper holds back
//   stay       live on

#include "mpi/keeper_link.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using pkv::mpi::KeeperLink;

/// One request to the process manager, and its reply.
void ask(const std::string& request) {
  const int pmi = std::atoi(std::getenv("PMI_FD"));
  const std::string line = request + '\n';
  if (send(pmi, line.data(), line.size(), 0) < 0) _exit(99);
  for (char byte = 0; byte != '\n';)
    if (recv(pmi, &byte, 1, 0) != 1) _exit(98);
}

void await_signal(int signal) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, signal);
  int got = 0;
  sigwait(&wanted, &got);
}

void act(KeeperLink& link, const std::string& what, const std::string& how) {
  const int number = std::atoi(how.c_str());
  if (what == "init") {
    ask("cmd=init pmi_version=1 pmi_subversion=1");
    ask("cmd=get_my_kvsname");
    ask("cmd=barrier_in");
  } else if (what == "publish") {
    if (!link.publish(how, std::chrono::seconds(10))) _exit(97);
  } else if (what == "address") {
    link.say_address(how);
  } else if (what == "beat") {
    link.say_beat(static_cast<std::uint64_t>(number));
  } else if (what == "finalize") {
    ask("cmd=finalize");
  } else if (what == "abort") {
    ask("cmd=abort exitcode=1");
  } else if (what == "leave") {
    link.say_leave(how != "alone");
  } else if (what == "kill") {
    kill(getpid(), number);
  } else if (what == "exit") {
    _exit(number);
  } else if (what == "await") {
    await_signal(number);
  } else if (what == "stay") {
    for (;;)
      pause();
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  // Dies of these as it is told to, whatever libraries would rather do first.
  for (const int signal : {SIGSEGV, SIGABRT})
    std::signal(signal, SIG_DFL);
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGUSR2);
  sigprocmask(SIG_BLOCK, &held, nullptr);
  const int epoch = static_cast<int>(pkv::mpi::own_epoch());
  std::istringstream words(arguments[std::min(epoch, argument_count - 1)]);
  KeeperLink link;
  for (std::string word; words >> word;) {
    const std::size_t colon = word.find(':');
    act(link, word.substr(0, colon), colon == std::string::npos ? "" : word.substr(colon + 1));
  }
  return 0;
}
