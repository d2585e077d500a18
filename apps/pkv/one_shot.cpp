#include "one_shot.hpp"

#include "output.hpp"
#include "plain_text.hpp"
#include "table.hpp"
#include "value_argument.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <iostream>
#include <unistd.h>

namespace pkv::cli {
namespace {

/// Makes of a good reply what is printed.
using Print = std::function<std::string(const Reply&)>;

bool on_terminal() {
  return ::isatty(STDOUT_FILENO) != 0;
}

std::string plain_line(const Reply& reply) {
  std::string line;
  append_plain(line, reply, on_terminal() ? Bytes::shown : Bytes::raw);
  return line + '\n';
}

/// A program gets the bytes and nothing else, a person a line that cannot upset the terminal.
std::string value_itself(const Reply& reply) {
  if (on_terminal()) return plain_line(reply);
  std::string value;
  append_plain(value, reply, Bytes::raw);
  return value;
}

/// What redis-cli would print, or on one line for a program.
std::string any_reply(const Reply& reply) {
  return on_terminal() ? to_text(reply) + '\n' : plain_line(reply);
}

ExitStatus lost(boost::system::error_code error) {
  std::cerr << plain_error(error) << '\n';
  return ExitStatus::connection;
}

ExitStatus write_out(std::string_view text) {
  Output output;
  output.append(text);
  output.flush();
  if (!output.is_closed() || output.error() == EPIPE) return ExitStatus::success;
  std::cerr << "cannot write: " << std::strerror(output.error()) << '\n';
  return ExitStatus::command_failed;
}

ExitStatus run_command(BlockingClient& client, Command command, const Print& print) {
  const std::string key(command.arguments().empty() ? "" : command.arguments().front());
  const result<Reply> reply = client.execute(std::move(command));
  if (!reply) return lost(reply.error());
  if (!reply->is_error()) return write_out(print(*reply));
  std::cerr << "error: " << plain_error(*reply, key) << '\n';
  return ExitStatus::command_failed;
}

ExitStatus store(BlockingClient& client, const char* verb, const Options& options) {
  const std::string value = value_of(options.arguments[1]);
  return run_command(client, Command(verb, options.arguments[0], value), plain_line);
}

ExitStatus erase_all(BlockingClient& client, const std::vector<std::string>& keys) {
  Pipeline pipeline;
  for (const std::string& key : keys)
    pipeline.add("D", key);
  const auto replies = client.execute(std::move(pipeline));
  if (!replies) return lost(replies.error());
  ExitStatus status = ExitStatus::success;
  for (std::size_t at = 0; at < keys.size(); ++at) {
    const Reply& reply = (*replies)[at];
    if (!reply.is_error()) continue;
    std::cerr << "error: " << plain_error(reply, keys[at]) << '\n';
    status = ExitStatus::command_failed;
  }
  return status == ExitStatus::success ? write_out("OK\n") : status;
}

/// The name of a command with the arguments behind it.
Command with_arguments(const char* name, const Options& options) {
  Command command(name);
  for (const std::string& argument : options.arguments)
    command.add(argument);
  return command;
}

}  // namespace

ExitStatus run_one_shot(BlockingClient& client, const Options& options) {
  switch (options.action) {
    case Action::get:
      return run_command(client, with_arguments("R", options), value_itself);
    case Action::put:
      return store(client, "SET", options);
    case Action::create:
      return store(client, "C", options);
    case Action::update:
      return store(client, "U", options);
    case Action::erase:
      return erase_all(client, options.arguments);
    case Action::nodes:
      return run_command(client, Command("NODES"), table_of);
    case Action::ring:
      return run_command(client, with_arguments("RING", options), fields_of);
    case Action::info:
      return run_command(client, with_arguments("INFO", options), report_of);
    case Action::ping:
      return run_command(client, Command("PING"), plain_line);
    case Action::execute:
      return run_command(client, Command(options.arguments), any_reply);
    default:
      break;
  }
  return ExitStatus::usage;
}

}  // namespace pkv::cli
