#include "blocking_client.hpp"
#include "bulk.hpp"
#include "entry_commands.hpp"
#include "exit_status.hpp"
#include "file_commands.hpp"
#include "one_shot.hpp"
#include "options.hpp"
#include "prompt.hpp"
#include "sql_command.hpp"
#include "value_argument.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <unistd.h>
#include <variant>

namespace {

using namespace pkv::cli;

ExitStatus run(const Options& options) {
  if (options.action == Action::sql && options.sql.explain) return explain_sql(options);
  BlockingClient client(options);
  if (const auto connected = client.connect(); !connected) {
    report_no_connection(options, connected.error());
    // A look-up of the host's name cannot be interrupted, and leaving in order would wait for it.
    if (connected.error() == pkv::errc::timed_out) {
      std::_Exit(static_cast<int>(ExitStatus::connection));
    }
    return ExitStatus::connection;
  }
  if (options.action >= Action::export_entries && options.action <= Action::snapshot)
    return run_entry_command(client, options);
  if (options.action >= Action::put_file) return run_file_command(client, options);
  if (options.action == Action::sql) return run_sql(client, options);
  if (options.action != Action::talk) return run_one_shot(client, options);
  const bool person = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
  return person ? run_prompt(client, options) : run_bulk(client, options);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that had enough is noticed where it is written to
  try {
    auto parsed = parse_options(argc, argv);
    if (const auto* status = std::get_if<ExitStatus>(&parsed)) return static_cast<int>(*status);
    return static_cast<int>(run(std::get<Options>(parsed)));
  } catch (const UsageError& error) {
    std::cerr << error.what() << '\n';
    return static_cast<int>(ExitStatus::usage);
  } catch (const std::exception& error) {
    std::cerr << "pkv: " << error.what() << '\n';
    return static_cast<int>(ExitStatus::command_failed);
  }
}
