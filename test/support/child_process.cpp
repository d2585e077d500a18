#include "support/child_process.hpp"

#include "support/processes.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

std::string name_in(const std::string& entry) {
  return entry.substr(0, entry.find('='));
}

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry)
    environment.emplace_back(*entry);
  for (const std::string& change : changes) {
    std::erase_if(environment,
                  [&](const std::string& entry) { return name_in(entry) == name_in(change); });
    if (change.find('=') != std::string::npos) environment.push_back(change);
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

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

ChildProcess::ChildProcess(const Command& command) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment = environment_with(command.environment);
  const std::string output_path = folder_.path() / "output";
  const std::string error_path = folder_.path() / "errors";
  constexpr int fresh = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output_path.c_str(), fresh, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error_path.c_str(), fresh, 0600);
  const int failed = posix_spawn(&process_, arguments.front().c_str(), &actions, nullptr,
                                 pointers_to(arguments).data(), pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    throw std::runtime_error("cannot start " + arguments.front() + ": " + std::strerror(failed));
}

ChildProcess::~ChildProcess() {
  if (!exit_status()) {
    for (const pid_t process : tree())
      kill(process, SIGKILL);
    static_cast<void>(wait(10s));
  }
  for (const pid_t process : wait_until_gone(known_, 2s))
    kill(process, SIGKILL);
}

std::vector<pid_t> ChildProcess::tree() {
  std::vector<pid_t> found = process_tree(process_);
  for (const pid_t process : found)
    if (process != process_ && std::find(known_.begin(), known_.end(), process) == known_.end())
      known_.push_back(process);
  return found;
}

void ChildProcess::send_signal(int signal) const {
  if (!exit_status_) kill(process_, signal);
}

std::optional<int> ChildProcess::exit_status() {
  int status = 0;
  if (!exit_status_ && waitpid(process_, &status, WNOHANG) == process_)
    exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_status_;
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds patience) {
  static_cast<void>(wait_until([this] { return exit_status().has_value(); }, patience));
  return exit_status_;
}

std::string ChildProcess::output() const {
  return content(folder_.path() / "output");
}

std::string ChildProcess::errors() const {
  return content(folder_.path() / "errors");
}

}  // namespace pkv::test
