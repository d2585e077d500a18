#include "support/processes.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <sstream>

namespace pkv::test {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string in_proc(pid_t process, const char* file) {
  return "/proc/" + std::to_string(process) + "/" + file;
}

}  // namespace

bool is_running(pid_t process) {
  const std::string stat = read_all(in_proc(process, "stat"));
  // The state follows the name, which is in parentheses and may hold anything.
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string::npos) return false;
  const char state = stat[name_end + 2];
  return state != 'Z' && state != 'X';
}

std::vector<pid_t> process_tree(pid_t root) {
  std::vector<pid_t> tree{root};
  for (std::size_t at = 0; at < tree.size(); ++at) {
    const std::string self = std::to_string(tree[at]);
    std::istringstream children(read_all("/proc/" + self + "/task/" + self + "/children"));
    for (pid_t child = 0; children >> child;)
      tree.push_back(child);
  }
  return tree;
}

std::string environment_of(pid_t process, const std::string& variable) {
  std::istringstream environment(read_all(in_proc(process, "environ")));
  for (std::string entry; std::getline(environment, entry, '\0');)
    if (entry.starts_with(variable + "=")) return entry.substr(variable.size() + 1);
  return {};
}

std::string program_of(pid_t process) {
  std::string name = read_all(in_proc(process, "comm"));
  if (!name.empty()) name.pop_back();
  return name;
}

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  constexpr timespec interval{0, 5'000'000};
  const auto give_up_at = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up_at) return false;
    nanosleep(&interval, nullptr);
  }
  return true;
}

std::vector<pid_t> wait_until_gone(std::vector<pid_t> processes,
                                   std::chrono::milliseconds patience) {
  // Checked by value: whether time is up shows in what is left.
  static_cast<void>(wait_until(
      [&processes] {
        std::erase_if(processes, [](pid_t process) { return !is_running(process); });
        return processes.empty();
      },
      patience));
  return processes;
}

}  // namespace pkv::test
