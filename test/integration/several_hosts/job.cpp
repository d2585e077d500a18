#include "integration/several_hosts/job.hpp"

#include "support/processes.hpp"
#include "support/server_process.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

constexpr auto job_patience = 30s;

Command command_for(int ranks, const std::vector<std::string>& further,
                    const std::string& port_file) {
  Command command;
  // Each step becomes the next one, so that the process that is started is mpiexec in the end.
  command.arguments = {PKV_IP_PROGRAM,
                       "netns",
                       "exec",
                       "host1",
                       "unshare",
                       "--uts",
                       "sh",
                       "-c",
                       "echo host1 >/proc/sys/kernel/hostname; exec \"$@\"",
                       "sh",
                       mpiexec_path(),
                       "-launcher",
                       "rsh",
                       "-launcher-exec",
                       PKV_REMOTE_SHELL,
                       "-hosts",
                       "10.99.0.1,10.99.0.2,10.99.0.3",
                       "-n",
                       std::to_string(ranks),
                       PKV_SERVER_PATH,
                       "--bind",
                       "10.99.0.1",
                       "--port",
                       "0",
                       "--port-file",
                       port_file,
                       "--replicas",
                       "2"};
  command.arguments.insert(command.arguments.end(), further.begin(), further.end());
  return command;
}

void run_ip(const std::vector<std::string>& arguments) {
  Command command{.arguments = {PKV_IP_PROGRAM}};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  const Ended ended = run_to_end(command);
  if (ended.exit_status != 0) throw std::runtime_error("ip: " + ended.errors);
}

}  // namespace

Job::Job(int ranks, const std::vector<std::string>& further_arguments)
    : mpiexec_(command_for(ranks, further_arguments, folder_.path() / "port")) {
  const auto port_file = folder_.path() / "port";
  const bool ready = wait_until(
      [&] { return mpiexec_.exit_status() || std::filesystem::exists(port_file); }, job_patience);
  static_cast<void>(mpiexec_.tree());  // for the destructor to know them
  if (!ready || mpiexec_.exit_status()) throw std::runtime_error("no server: " + log());
  std::ifstream(port_file) >> port_;
}

std::map<int, NodeNow> Job::nodes() const {
  Connection connection = connect();
  std::map<int, NodeNow> nodes;
  const Reply reply = connection.ask("NODES");
  for (const Reply& record : reply.elements()) {
    NodeNow& node = nodes[static_cast<int>(field(record, "id").integer())];
    node.rank = static_cast<int>(field(record, "rank").integer());
    node.process = static_cast<pid_t>(field(record, "pid").integer());
    node.host = field(record, "host").text();
    node.state = field(record, "state").text();
    node.epoch = static_cast<int>(field(record, "epoch").integer());
  }
  return nodes;
}

std::vector<int> Job::holders(const std::string& key) const {
  Connection connection = connect();
  const Reply place = connection.ask("RING", "WHERE", key);
  std::vector<int> holders;
  std::istringstream ids{std::string(field(place, "holders").text())};
  for (int id = 0; ids >> id;)
    holders.push_back(id);
  return holders;
}

bool Job::await_all_up(int nodes) const {
  return wait_until(
      [&] {
        const auto now = this->nodes();
        return std::ranges::count(now, "up", [](const auto& node) { return node.second.state; }) ==
               nodes;
      },
      job_patience);
}

int Job::stop() {
  mpiexec_.send_signal(SIGTERM);
  return mpiexec_.wait(job_patience).value_or(-1);
}

void cut(const std::string& host) {
  run_ip({"link", "set", "to-" + host, "down"});
}

void mend(const std::string& host) {
  run_ip({"link", "set", "to-" + host, "up"});
}

void drop_frames(const std::string& host) {
  run_ip({"link", "set", "to-" + host, "nomaster"});
}

void pass_frames(const std::string& host) {
  run_ip({"link", "set", "to-" + host, "master", "bridge"});
}

std::vector<pid_t> processes_of_jobs() {
  constexpr std::array<std::string_view, 5> names{"mpiexec", "hydra_pmi", "pkv_server",
                                                  "pkv keeper", "remote_shell"};
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string number = entry.path().filename();
    pid_t process = 0;
    std::from_chars(number.data(), number.data() + number.size(), process);
    if (process == 0 || !is_running(process)) continue;
    const std::string program = program_of(process);
    if (std::ranges::any_of(names,
                            [&](std::string_view name) { return program.starts_with(name); }))
      found.push_back(process);
  }
  return found;
}

}  // namespace pkv::test
