#include "pkv_server/mpiexec.hpp"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sstream>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace pkv::server {
namespace {

/// What `program --version` writes to standard output; empty if it cannot be run.
std::string version_text(const std::string& program) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string path = program;
  std::string version = "--version";
  std::array<char*, 3> arguments{path.data(), version.data(), nullptr};
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, path.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);

  std::string text;
  std::array<char, 4096> chunk{};
  for (ssize_t got = 0; failed == 0 && (got = read(ends[0], chunk.data(), chunk.size())) > 0;)
    text.append(chunk.data(), static_cast<std::size_t>(got));
  close(ends[0]);
  if (failed == 0) waitpid(child, nullptr, 0);
  return text;
}

bool is_hydra(const std::string& program) {
  return access(program.c_str(), X_OK) == 0 &&
         version_text(program).find("HYDRA") != std::string::npos;
}

}  // namespace

std::string find_mpiexec() {
  const char* path = std::getenv("PATH");
  if (path == nullptr) return {};
  // Debian gives each implementation its own name, and the plain one to the administrator's choice.
  for (const std::string_view name : {"mpiexec.mpich", "mpiexec.hydra", "mpiexec"}) {
    std::istringstream folders(path);
    for (std::string folder; std::getline(folders, folder, ':');) {
      std::string program = folder + "/" + std::string(name);
      if (!folder.empty() && is_hydra(program)) return program;
    }
  }
  return {};
}

}  // namespace pkv::server
