#include "torture/server.hpp"

#include "support/processes.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace pkv::torture {
namespace {

using namespace std::chrono_literals;

// Sanitizers and a busy machine slow the start of many processes down a lot.
constexpr auto readiness_patience = 60s;
constexpr auto end_patience = 30s;
constexpr std::size_t lines_shown = 40;

test::Command command_for(const Options& options, const std::string& port_file) {
  test::Command command;
  command.arguments = {options.server,
                       "--port",
                       "0",
                       "--port-file",
                       port_file,
                       "--workers",
                       std::to_string(options.workers)};
  if (options.replicas > 1) {
    command.arguments.push_back("--replicas");
    command.arguments.push_back(std::to_string(options.replicas));
  }
  command.arguments.insert(command.arguments.end(), options.server_options.begin(),
                           options.server_options.end());
  return command;
}

}  // namespace

Server::Server(const Options& options) {
  if (options.port) {
    port_ = *options.port;
    return;
  }
  const std::string port_file = folder_.path() / "port";
  child_ = std::make_unique<test::ChildProcess>(command_for(options, port_file));
  const bool is_over =
      test::wait_until([&] { return child_->exit_status() || std::filesystem::exists(port_file); },
                       readiness_patience);
  if (!is_over || child_->exit_status())
    throw std::runtime_error("the server did not get ready; it said:\n" + last_lines());
  std::ifstream(port_file) >> port_;
}

bool Server::has_ended() {
  return child_ && child_->exit_status().has_value();
}

std::optional<std::string> Server::stop() {
  if (!child_) return std::nullopt;
  if (const std::optional<int> status = child_->exit_status())
    return "the server ended by itself, with status " + std::to_string(*status);
  child_->send_signal(SIGTERM);
  const std::optional<int> status = child_->wait(end_patience);
  if (!status) return "the server did not stop when it was told to";
  if (*status == 0) return std::nullopt;
  return "the server stopped with status " + std::to_string(*status);
}

std::string Server::last_lines() const {
  if (!child_) return "";
  const std::string text = child_->output() + child_->errors();
  std::size_t begin = text.size();
  for (std::size_t lines = 0; begin > 0 && lines <= lines_shown; ++lines)
    begin = text.rfind('\n', begin - 1) == std::string::npos ? 0 : text.rfind('\n', begin - 1);
  return text.substr(begin);
}

}  // namespace pkv::torture
