#include "entry_commands.hpp"

#include "plain_text.hpp"

#include <iostream>

namespace pkv::cli {
namespace {

ExitStatus make_snapshot(BlockingClient& client, const Options& options) {
  Command save("SAVE");
  for (const std::string& name : options.arguments)
    save.add(name);
  const result<Reply> reply = client.execute(std::move(save));
  if (!reply) {
    std::cerr << plain_error(reply.error()) << '\n';
    return ExitStatus::connection;
  }
  if (reply->is_error()) {
    std::cerr << "error: " << plain_error(*reply) << '\n';
    return ExitStatus::command_failed;
  }
  std::cout << reply->text() << '\n' << std::flush;
  return ExitStatus::success;
}

}  // namespace

ExitStatus run_entry_command(BlockingClient& client, const Options& options) {
  switch (options.action) {
    case Action::export_entries:
      return export_entries(client, options);
    case Action::import_entries:
      return import_entries(client, options);
    case Action::snapshot:
      return make_snapshot(client, options);
    default:
      return ExitStatus::usage;
  }
}

}  // namespace pkv::cli
